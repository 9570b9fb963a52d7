// The configuration as a whole: what its public types allow, and how it is read.
import { expect, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { writePath } from '../../ts/config/path.js';
import type { Config } from '../../ts/config/types.js';
import { encode } from '../../ts/plan/encode.js';
import { issuesOf } from '../support/issues.js';

const everything: Required<Config> = {
  listeners: {
    raw: 'tcp://:8080',
    web: {
      address: 'http+unix:/run/web.sock',
      accept: 'hand-off',
      backlog: 16,
      log: false,
      http: {
        timeouts: { head: '30s', keepAlive: 75_000 },
        limits: { line: '16KiB', fields: 65_536, count: 100, hops: 20 },
        trust: ['10.0.0.0/8', 'unix'],
        underscores: 'drop',
        answers: { 404: 'Not here.', 503: { text: '<p>', file: undefined, type: 'text/html' } },
        proxyStatus: false,
        mergeSlashes: true,
      },
    },
  },
  pools: {
    api: {
      endpoints: [':3001', 'b=127.0.0.1:3002', { name: 'c', addresses: ['[::1]:3003'] }],
      algorithm: { name: 'two-choices', options: {} },
      connections: { idle: '1m', age: false, requests: 1000, most: 256 },
      retries: { percent: 20, reserve: 10 },
    },
  },
  routes: [
    {
      name: 'all',
      match: { listener: ['web', 'raw'], host: ['a.example', 'b.example'], path: '/v2' },
      pool: 'api',
      timeouts: { connect: 5, idle: false, halfClose: '1m', body: 1, try: '1s', total: '10s', tunnel: false },
      limits: { body: '1GiB', bodyRate: 0 },
      forward: { via: false, host: 'inside:8080' },
      tries: 2,
      answers: { 502: { text: '{}', type: 'application/json' } },
      proxyStatus: true,
      trace: true,
      paths: {
        encodedSlash: 'decode',
        encodedBackslash: 'keep',
        encodedPercent: 'reject',
        backslash: 'reject',
        semicolon: 'parameters',
        form: 'original',
      },
    },
    { match: { host: 'c.example', path: ['/', '/v3'] }, pool: 'api' },
    { pool: 'api' },
  ],
  timeouts: {
    connect: '5s',
    idle: '10m',
    halfClose: false,
    body: '1m',
    firstByte: '1m',
    response: '1m',
    try: false,
    total: false,
    tunnel: '1h',
  },
  limits: { body: false, bodyRate: 240 },
  accessLog: {
    to: '/var/log/access.log',
    format: 'json',
    fields: { request: ['user-agent'], response: ['content-type'] },
    sample: { default: 1, '1xx': 1, '2xx': 0.1, '3xx': 1, '4xx': 1, '5xx': 1, fault: 1 },
  },
  forward: { via: true, forwarded: true, realIp: true, requestId: true, host: false },
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
    listeners: { web: { address: ':80', accept: undefined, backlog: undefined, http: undefined } },
    pools: { api: { endpoints: [':81'], algorithm: undefined, connections: undefined, retries: undefined } },
    routes: undefined,
    timeouts: { connect: undefined, idle: undefined, halfClose: undefined, try: undefined },
    limits: { body: undefined, bodyRate: undefined },
    forward: { via: undefined, host: undefined },
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

test('a route may match a thousand pairs of host and path, and no more', () => {
  const config = (hosts: number, paths: number) => {
    const host = Array.from({ length: hosts }, (_, at) => `h${at}.example`);
    const path = Array.from({ length: paths }, (_, at) => `/${at}`);
    const routes = [{ pool: 'api', match: { host, path } }, { pool: 'api', match: { host: 'a', path } }];
    return { listeners: { web: 'http://:80' }, pools: { api: { endpoints: [':81'] } }, routes };
  };
  expect(compile(config(10, 100)).draft.rules).toHaveLength(1100);
  expect(issuesOf(() => compile(config(77, 13)))).toMatchObject([
    { path: 'routes[0].match', code: 'TOO_MANY_RULES', message: expect.stringContaining('1001 pairs') },
  ]);
  expect(issuesOf(() => compile(config(50_000, 2000)))).toHaveLength(2);
});

test('what the core refuses of a rule is told at its route', () => {
  const { draft, places } = compile(everything);
  expect(draft.rules.map((_, at) => places.get(`rules[${at}]`))).toEqual([
    'routes[0]',
    'routes[0]',
    'routes[1]',
    'routes[1]',
    'routes[2]',
  ]);
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
