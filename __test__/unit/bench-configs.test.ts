// What HAProxy and nginx are told: the job and nothing else, or what makes them best at it.
import { describe, expect, test } from 'vitest';
import { haproxyConfig } from '../../benches/peers/haproxy.mjs';
import { nginxConfig } from '../../benches/peers/nginx.mjs';

const ports = { listen: 8080, endpoint: 3001 };

const haproxy = (protocol: 'tcp' | 'http', tuning: string) => lines(haproxyConfig({ protocol, tuning, ...ports }));
const nginx = (protocol: 'tcp' | 'http', tuning: string) => lines(nginxConfig({ protocol, tuning, ...ports }));

function lines(config: string) {
  return config.split('\n').map((line) => line.trim());
}

/** What one of them is told beyond what the other is. */
function added(tuned: string[], shipped: string[]) {
  return tuned.filter((line) => !shipped.includes(line));
}

describe.each([
  ['HAProxy', haproxy, /^tune\.|splice/],
  ['nginx', nginx, /buffer/],
] as const)('%s as shipped', (_name, config, tuning) => {
  test('is not tuned for HTTP', () => {
    expect(config('http', 'shipped').filter((line) => tuning.test(line))).toEqual([]);
  });

  test('adds the four fields to each request, and no field below HTTP', () => {
    const fields = /forwardfor|X-Forwarded-For|X-Forwarded-Proto|X-Forwarded-Host|Via/;
    expect(config('http', 'shipped').filter((line) => fields.test(line))).toHaveLength(4);
    expect(config('tcp', 'shipped').filter((line) => fields.test(line))).toEqual([]);
  });
});

test('HTTP at their best is what is commonly given for bodies', () => {
  expect(added(haproxy('http', 'best'), haproxy('http', 'shipped'))).toEqual([
    'tune.bufsize 65536',
    'tune.pipesize 1048576',
    'option splice-response',
  ]);
  expect(added(nginx('http', 'best'), nginx('http', 'shipped'))).toEqual([
    'proxy_buffer_size 64k;',
    'proxy_buffers 16 64k;',
  ]);
});

test('with HTTP, connections to the endpoint are kept and nothing is logged', () => {
  expect(haproxy('http', 'shipped')).toEqual(expect.arrayContaining(['option http-keep-alive', 'http-reuse always']));
  expect(haproxy('http', 'shipped').filter((line) => line.includes('log'))).toEqual([]);
  expect(nginx('http', 'shipped')).toEqual(expect.arrayContaining(['keepalive 64;', 'access_log off;']));
});

test('where each request is logged, both write the combined format and nothing else changes', () => {
  const logging = { protocol: 'http', tuning: 'shipped', ...ports, logs: true } as const;
  const [ours, theirs] = [lines(haproxyConfig(logging)), lines(nginxConfig(logging))];
  expect(added(ours, haproxy('http', 'shipped')).filter((line) => !/log|^capture request header/.test(line))).toEqual([]);
  expect(ours.join()).toContain('log stdout format raw local0');
  expect(added(theirs, nginx('http', 'shipped'))).toEqual(['access_log access.log combined;']);
});

test("nginx's layer 4 is loaded where it is needed", () => {
  const config = nginxConfig({ protocol: 'tcp', tuning: 'shipped', ...ports, module: '/a/module.so' });
  expect(lines(config)[0]).toBe('load_module /a/module.so;');
  expect(nginx('http', 'shipped').join()).not.toContain('load_module');
});
