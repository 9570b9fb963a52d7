// Addresses as users write them: what a listener and what an endpoint makes of each.
import { describe, expect, test } from 'vitest';
import { parseEndpointAddress, parseListenAddress, protocolOf, writeAddress, writeBound } from '../../ts/config/address.js';
import { parseEndpointText } from '../../ts/config/endpoint.js';
import type { Address } from '../../ts/plan/types.js';

const tcp = (host: string, port: number): Address => ({ kind: 'tcp', host, port });
const unix = (path: string): Address => ({ kind: 'unix', path });

describe('a listener', () => {
  test.each([
    ['tcp://:8080', tcp('::', 8080)],
    [':8080', tcp('::', 8080)],
    [':0', tcp('::', 0)],
    ['TCP://127.0.0.1:80', tcp('127.0.0.1', 80)],
    ['0.0.0.0:80', tcp('0.0.0.0', 80)],
    ['tcp://[::]:80', tcp('::', 80)],
    ['[2001:DB8:0:0::1]:80', tcp('2001:db8::1', 80)],
    ['unix:/run/a b.sock', unix('/run/a b.sock')],
  ])('at %s', (written, address) => {
    expect(parseListenAddress(written)).toEqual({ value: address });
  });
});

test.each([
  ['http://:8080', tcp('::', 8080), 'tcp://[::]:8080', 'http://[::]:8080'],
  ['HTTP://127.0.0.1:80', tcp('127.0.0.1', 80), 'tcp://127.0.0.1:80', 'http://127.0.0.1:80'],
  ['http+unix:/run/web.sock', unix('/run/web.sock'), 'unix:/run/web.sock', 'http+unix:/run/web.sock'],
])('a listener at %s speaks HTTP', (written, address, told, bound) => {
  expect(parseListenAddress(written)).toEqual({ value: address });
  expect(protocolOf(written)).toBe('http');
  expect(writeBound(told, 'http')).toBe(bound);
  expect(writeBound(told, 'tcp')).toBe(told);
});

test('a listener that says nothing of it relays bytes, and an endpoint has no protocol', () => {
  for (const written of [':80', 'tcp://:80', 'unix:/http+unix:', 'unix:/a']) expect(protocolOf(written)).toBe('tcp');
  expect(parseEndpointAddress('http://:80')).toHaveProperty('finding.code', 'BAD_SCHEME');
});

describe('an endpoint', () => {
  test.each([
    [':3001', ':3001', [tcp('127.0.0.1', 3001), tcp('::1', 3001)]],
    ['tcp://:3001', ':3001', [tcp('127.0.0.1', 3001), tcp('::1', 3001)]],
    ['LocalHost:3001', 'localhost:3001', [tcp('127.0.0.1', 3001), tcp('::1', 3001)]],
    ['tcp://10.0.0.7:80', '10.0.0.7:80', [tcp('10.0.0.7', 80)]],
    ['[0:0::1]:80', '[::1]:80', [tcp('::1', 80)]],
    ['unix:/run/a=b.sock', 'unix:/run/a=b.sock', [unix('/run/a=b.sock')]],
  ])('at %s', (written, text, addresses) => {
    expect(parseEndpointAddress(written)).toEqual({ value: { text, addresses } });
    expect(parseEndpointText(written)).toEqual({ value: { name: text, addresses } });
    expect(parseEndpointText(`ash=${written}`)).toEqual({ value: { name: 'ash', addresses } });
  });
});

test('a path may be as long as the system has room for, in bytes', () => {
  expect(parseListenAddress(`unix:/${'a'.repeat(106)}`)).toHaveProperty('value');
  expect(parseListenAddress(`unix:/${'a'.repeat(107)}`)).toHaveProperty('finding.code', 'BAD_PATH');
  expect(parseListenAddress(`unix:/${'ä'.repeat(54)}`)).toHaveProperty('finding.code', 'BAD_PATH');
  expect(parseListenAddress('unix:/a\0b')).toHaveProperty('finding.code', 'BAD_PATH');
});

test('an address is written as it can be read again', () => {
  for (const address of [tcp('127.0.0.1', 80), tcp('::1', 80), unix('/run/a.sock')]) {
    expect(parseListenAddress(writeAddress(address))).toEqual({ value: address });
  }
});
