// The command line: what it stands for, and what is wrong with it.
import { describe, expect, test } from 'vitest';
import { asMistake, HELP, readArguments } from '../../ts/cli/arguments.js';
import { compile } from '../../ts/compile/compile.js';
import { issuesOf } from '../support/issues.js';

const read = (line: string) => readArguments(line.split(' ').filter(Boolean));

test('addresses and endpoints are a configuration', () => {
  expect(read('--listen tcp://:8080 --to :3001,:3002')).toEqual({
    kind: 'serve',
    config: {
      listeners: { 'listen-1': 'tcp://:8080' },
      pools: { to: { endpoints: [':3001', ':3002'], algorithm: undefined } },
      workers: undefined,
    },
  });
});

test('options may be given several times, and in both spellings', () => {
  expect(read('--listen :1 --to a=:3 --listen=:2 --to=:4 --algorithm round-robin --workers 2')).toMatchObject(
    {
      config: {
        listeners: { 'listen-1': ':1', 'listen-2': ':2' },
        pools: { to: { endpoints: ['a=:3', ':4'], algorithm: 'round-robin' } },
        workers: 2,
      },
    },
  );
});

test('a log has a place, and a format where one is said', () => {
  const log = (line: string) => {
    const request = read(`--listen :1 --to :3 ${line}`);
    return 'config' in request ? request.config.accessLog : request;
  };
  expect(log('')).toBeUndefined();
  expect(log('--log stdout')).toEqual({ to: 'stdout', format: undefined });
  expect(log('--log /a --log-format combined')).toEqual({ to: '/a', format: 'combined' });
  expect(log('--log-format combined')).toMatchObject({ kind: 'wrong' });
});

test('help and version come before everything else', () => {
  expect([read('--help'), read('-h --to x'), read('--version'), read('-v')].map(({ kind }) => kind)).toEqual([
    'help',
    'help',
    'version',
    'version',
  ]);
});

test('the example in the help is right', () => {
  const [, example = ''] = /Example: fourseven (.+)$/m.exec(HELP) ?? [];
  const request = read(example);
  expect(request.kind === 'serve' && compile(request.config)).toBeTruthy();
});

describe('is refused', () => {
  test.each([
    ['', /--listen tcp:\/\/:8080/],
    ['--listen :80', /--to :3001,:3002/],
    ['--listen', /--listen/],
    ['--listne :80', /--listne/],
    ['serve', /serve/],
    ['--listen :80 --to :1 --workers many', /--workers.*"many"/],
  ])('%j', (line, message) => {
    expect(read(line)).toEqual({ kind: 'wrong', message: expect.stringMatching(message) });
  });
});

test('what is wrong with the configuration is told by the option that it came from', () => {
  const request = read('--listen 80 --to example.com:80 --algorithm best --workers 0');
  const issues = issuesOf(() => compile(request.kind === 'serve' ? request.config : null));
  expect(issues.map(asMistake)).toEqual([
    '--listen: 80 is a port, not an address (write ":80")',
    '--to: "example.com" is a host name, and names are not resolved yet (give the IP address)',
    '--workers: 0 is out of range (give a number of threads from 1 to 1024)',
    '--algorithm: there is no algorithm "best" (the algorithms are "round-robin" and "two-choices")',
  ]);
});
