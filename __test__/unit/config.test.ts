// The configuration as a whole: what its public types allow, and how it is read.
import { expect, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { writePath } from '../../ts/config/path.js';
import type { Config } from '../../ts/config/types.js';
import { encode } from '../../ts/plan/encode.js';
import { issuesOf } from '../support/issues.js';

const everything: Required<Config> = {
  listeners: { web: 'tcp://:8080', adm: { address: 'unix:/run/adm.sock', accept: 'hand-off', backlog: 16 } },
  pools: {
    api: {
      endpoints: [':3001', 'b=127.0.0.1:3002', { name: 'c', addresses: ['[::1]:3003'] }],
      algorithm: { name: 'two-choices', options: {} },
    },
  },
  routes: [
    {
      name: 'all',
      match: { listener: ['web', 'adm'] },
      pool: 'api',
      timeouts: { connect: 5, idle: false, halfClose: '1m' },
    },
  ],
  timeouts: { connect: '5s', idle: '10m', halfClose: false },
  drain: '30s',
  workers: 2,
  portable: false,
};

const bytes = (config: unknown) => new TextDecoder().decode(encode(compile(config).draft, 1, new Set()).json);

test('every field of the public types is accepted', () => {
  expect(() => compile(everything)).not.toThrow();
});

test('undefined is as good as left out', () => {
  const left = { listeners: { web: ':80' }, pools: { api: { endpoints: [':81'] } } };
  const given: Config = {
    listeners: { web: { address: ':80', accept: undefined, backlog: undefined } },
    pools: { api: { endpoints: [':81'], algorithm: undefined } },
    routes: undefined,
    timeouts: { connect: undefined, idle: undefined, halfClose: undefined },
    drain: undefined,
    workers: undefined,
    portable: undefined,
  };
  expect(bytes(given)).toBe(bytes(left));
});

test('a configuration may be frozen, and is left as it was', () => {
  const config = deepFreeze(structuredClone(everything));
  compile(config);
  expect(config).toEqual(everything);
});

test('a configuration that went through JSON says the same', () => {
  expect(bytes(JSON.parse(JSON.stringify(everything)))).toBe(bytes(everything));
});

test('a function in a configuration is told to be a name', () => {
  const config = { listeners: { web: ':80' }, pools: { api: { endpoints: [':81'], algorithm: () => 1 } } };
  expect(issuesOf(() => compile(config))).toEqual([
    {
      path: 'pools.api.algorithm',
      code: 'WRONG_TYPE',
      message: 'a function does not belong here',
      hint: 'a configuration is plain data: write a name, and register the function under it',
    },
  ]);
});

test('a thousand mistakes are a thousand issues', () => {
  const endpoints = Array.from({ length: 1000 }, (_, at) => `host-${at}:80`);
  const issues = issuesOf(() => compile({ listeners: { web: ':80' }, pools: { api: { endpoints } } }));
  expect(issues).toHaveLength(1000);
  expect(issues.at(-1)).toMatchObject({ path: 'pools.api.endpoints[999]', code: 'HOST_NAME' });
});

test.each([
  [['pools', 'api', 'endpoints', 1], 'pools.api.endpoints[1]'],
  [['pools', 'my-api', 'algorithm'], 'pools.my-api.algorithm'],
  [['pools', 'a.b'], 'pools["a.b"]'],
  [['listeners', ''], 'listeners[""]'],
  [['listeners', '8080'], 'listeners["8080"]'],
  [[], ''],
])('the path %j is written %s', (steps, written) => {
  expect(writePath(steps)).toBe(written);
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
