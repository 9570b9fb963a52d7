// Configurations that are right, drawn from a grammar, and ways to change them.
import * as fc from 'fast-check';
import type {
  AccessLogConfig,
  AnswersConfig,
  Bytes,
  Config,
  Duration,
  EndpointConfig,
  HttpConfig,
  LimitsConfig,
  ListenerConfig,
  MatchConfig,
  PathsConfig,
  PoolConfig,
  RouteConfig,
  TimeoutsConfig,
} from '../../ts/config/types.js';
import { ANSWERED } from '../../ts/plan/limits.js';

// Also names with which objects and counters could go wrong.
const name = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
  fc.constantFrom('constructor', 'toString', '8080', 'a.b', 'ä ö', '[0]', '"', 'hasOwnProperty'),
);

const port = fc.integer({ min: 1, max: 65_535 });

// Not the one that stands for all.
const ip = fc.oneof(
  fc.ipV4().filter((host) => host !== '0.0.0.0'),
  fc
    .ipV6()
    .filter((host) => !/^[0:.]*$/.test(host))
    .map((host) => `[${host}]`),
);

const host = fc.oneof(ip, fc.constantFrom('', 'localhost'));

const endpointAddress = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'tcp://'), host, port)
    .map(([scheme, host, port]) => `${scheme}${host}:${port}`),
  fc.stringMatching(/^\/[\w=./-]{1,40}$/).map((path) => `unix:${path}`),
);

function duration(): fc.Arbitrary<Duration> {
  const unit = fc.constantFrom('ms', 's', 'm', 'h');
  return fc.oneof(
    fc.integer({ min: 1, max: 3_600_000_000 }),
    fc.tuple(fc.integer({ min: 1, max: 1000 }), unit).map(([count, unit]) => `${count}${unit}` as Duration),
  );
}

function orFalse<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | false> {
  return fc.oneof(value, fc.constant(false as const));
}

function bytes(most: number): fc.Arbitrary<Bytes> {
  const inKiB = fc.integer({ min: 1, max: Math.min(most / 1024, 1_000_000) });
  return fc.oneof(fc.integer({ min: 1, max: most }), inKiB.map((count) => `${count}KiB` as Bytes));
}

const timeouts: fc.Arbitrary<TimeoutsConfig> = fc.record(
  {
    connect: duration(),
    idle: orFalse(duration()),
    halfClose: orFalse(duration()),
    body: duration(),
    firstByte: duration(),
    response: duration(),
    try: orFalse(duration()),
    total: orFalse(duration()),
    tunnel: orFalse(duration()),
  },
  { requiredKeys: [] },
);

const limits: fc.Arbitrary<LimitsConfig> = fc.record(
  { body: orFalse(bytes(2 ** 50)), bodyRate: fc.nat(2 ** 31 - 1) },
  { requiredKeys: [] },
);

// Also texts that are hard to carry.
const answers: fc.Arbitrary<AnswersConfig> = fc.dictionary(
  fc.constantFrom(...ANSWERED.map(String)),
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.record(
      {
        text: fc.constantFrom('', '<p>', '\u0000"\\', '\u{1f600}\r\n\r\nHTTP/1.1 200 OK'),
        type: fc.constantFrom('text/html', 'a/b; c="d e"'),
      },
      { requiredKeys: ['text'] },
    ),
  ),
);

const admission = fc.constantFrom('reject' as const, 'keep' as const);

const paths: fc.Arbitrary<PathsConfig> = fc.record(
  {
    encodedSlash: fc.constantFrom('reject' as const, 'keep' as const, 'decode' as const),
    encodedBackslash: admission,
    encodedPercent: admission,
    backslash: admission,
    semicolon: fc.constantFrom('reject' as const, 'parameters' as const, 'keep' as const),
    form: fc.constantFrom('canonical' as const, 'original' as const),
  },
  { requiredKeys: [] },
);

const http: fc.Arbitrary<HttpConfig> = fc.record(
  {
    timeouts: fc.record({ head: duration(), keepAlive: duration() }, { requiredKeys: [] }),
    limits: fc.record(
      {
        line: bytes(32 * 1024),
        fields: bytes(64 * 1024),
        count: fc.integer({ min: 1, max: 128 }),
        hops: fc.integer({ min: 1, max: 255 }),
      },
      { requiredKeys: [] },
    ),
    answers,
    proxyStatus: fc.boolean(),
    mergeSlashes: fc.boolean(),
  },
  { requiredKeys: [] },
);

const reuse: fc.Arbitrary<Pick<PoolConfig, 'connections' | 'retries'>> = fc.record(
  {
    connections: fc.record(
      {
        idle: duration(),
        age: orFalse(duration()),
        requests: orFalse(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
        most: fc.nat(65_535),
      },
      { requiredKeys: [] },
    ),
    retries: fc.record({ percent: fc.nat(1000), reserve: fc.nat(100_000) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

function oneOrMore(text: fc.Arbitrary<string>): fc.Arbitrary<string | string[]> {
  return fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }));
}

// What a route for a listener of HTTP may look at besides.
const requests: fc.Arbitrary<Pick<MatchConfig, 'host' | 'path'>> = fc.record(
  {
    host: oneOrMore(
      fc.oneof(fc.constantFrom('a', 'A.Example.', '[2001:DB8::7]', '10.0.0.7'), fc.stringMatching(/^[a-z0-9-]{1,9}$/)),
    ),
    path: oneOrMore(fc.oneof(fc.constantFrom('/', '/v2', '/v2/', '/v2/x'), fc.stringMatching(/^(\/([a-z20]|%20|%3A){1,5}){1,3}$/))),
  },
  { requiredKeys: [] },
);

// Every system has these addresses, and no two listeners want the same.
const manners = {
  accept: fc.constantFrom('per-worker' as const, 'hand-off' as const),
  backlog: fc.integer({ min: 1, max: 65_535 }),
  log: fc.boolean(),
};

const listener: fc.Arbitrary<string | ListenerConfig> = fc.oneof(
  fc.constantFrom('127.0.0.1:0', 'tcp://127.0.0.1:0', 'http://127.0.0.1:0'),
  fc.record({ address: fc.constant('tcp://127.0.0.1:0'), ...manners }, { requiredKeys: ['address'] }),
  fc.record({ address: fc.constant('http://127.0.0.1:0'), ...manners, http }, { requiredKeys: ['address'] }),
);

const endpoint: fc.Arbitrary<EndpointConfig> = fc.record({
  name,
  addresses: fc.array(endpointAddress, { minLength: 1, maxLength: 3 }),
});

interface Parts {
  listeners: [string, string | ListenerConfig][];
  pools: [string, EndpointConfig[], Omit<PoolConfig, 'endpoints'>][];
  routes: {
    pool: number;
    listener: number;
    name: boolean;
    requests: Pick<MatchConfig, 'host' | 'path'>;
    more: Pick<RouteConfig, 'timeouts' | 'limits' | 'tries' | 'answers' | 'proxyStatus' | 'trace' | 'paths'>;
  }[];
}

const algorithm = fc.constantFrom(
  undefined,
  'round-robin',
  'two-choices',
  { name: 'round-robin' },
  { name: 'two-choices', options: {} },
);

const parts: fc.Arbitrary<Parts> = fc.record({
  listeners: fc.uniqueArray(fc.tuple(name, listener), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  }),
  pools: fc.uniqueArray(
    fc.tuple(
      name,
      fc.uniqueArray(endpoint, { minLength: 1, maxLength: 5, selector: ({ name }) => name }),
      fc.tuple(algorithm, reuse).map(([algorithm, reuse]) => ({ algorithm, ...reuse })),
    ),
    { minLength: 1, maxLength: 3, selector: ([name]) => name },
  ),
  routes: fc.array(
    fc.record({
      pool: fc.nat(10),
      listener: fc.nat(10),
      name: fc.boolean(),
      requests,
      more: fc.record(
        {
          timeouts,
          limits,
          tries: fc.integer({ min: 1, max: 16 }),
          answers,
          proxyStatus: fc.boolean(),
          trace: fc.boolean(),
          paths,
        },
        { requiredKeys: [] },
      ),
    }),
    { maxLength: 3 },
  ),
});

const share = fc.double({ min: 0, max: 1, noNaN: true });

const fieldName = fc.stringMatching(/^[A-Za-z!#$%&'*+.^_`|~-]{1,20}$/);

const logged = { to: fc.constantFrom('stdout', '/dev/null'), sample: fc.oneof(share, fc.record({ default: share, '5xx': share, fault: share }, { requiredKeys: [] })) };

const accessLog: fc.Arbitrary<string | AccessLogConfig> = fc.oneof(
  logged.to,
  fc.record(
    { ...logged, fields: fc.record({ request: fc.array(fieldName), response: fc.array(fieldName) }, { requiredKeys: [] }) },
    { requiredKeys: ['to'] },
  ),
  fc.record(
    {
      ...logged,
      format: fc.oneof(
        fc.constantFrom('json' as const, 'common' as const, 'combined' as const),
        fieldName.map((name) => ({ template: `{time} "{request.${name}}" {{` })),
      ),
    },
    { requiredKeys: ['to'] },
  ),
);

const settings = fc.record(
  { accessLog, timeouts, limits, drain: duration(), workers: fc.integer({ min: 1, max: 4 }), portable: fc.boolean() },
  { requiredKeys: [] },
);

/** Configurations in which nothing is wrong. They listen only on free ports of this machine. */
export const configs: fc.Arbitrary<Config> = fc.tuple(parts, settings).map(([parts, settings]) => ({
  ...settings,
  listeners: Object.fromEntries(parts.listeners),
  pools: poolsOf(parts),
  routes: routesOf(parts),
}));

// The first pool that has an endpoint decides its addresses.
function poolsOf({ pools }: Parts): Config['pools'] {
  const known = new Map<string, EndpointConfig>();
  const agreed = pools.map(([name, endpoints, more]): [string, PoolConfig] => {
    const members = endpoints.map((endpoint) => known.get(endpoint.name) ?? endpoint);
    for (const endpoint of members) known.set(endpoint.name, endpoint);
    return [name, { endpoints: members, ...more }];
  });
  return Object.fromEntries(agreed);
}

// A route of its own for some listeners, and a last one for all, unless none is left for it.
function routesOf({ listeners, pools, routes }: Parts): RouteConfig[] {
  const poolOf = (at: number): string => pools[at % pools.length]?.[0] ?? '';
  const single = new Map(routes.map((route) => [listeners[route.listener % listeners.length], route]));
  const some = [...single].map(([listener, { pool, name, requests, more }], at): RouteConfig => ({
    pool: poolOf(pool),
    match: { listener: listener?.[0], ...(listener !== undefined && speaksHttp(listener[1]) && requests) },
    ...(name && { name: `route ${at}` }),
    ...more,
  }));
  return some.length === listeners.length ? some : [...some, { pool: poolOf(0) }];
}

function speaksHttp(listener: string | ListenerConfig): boolean {
  return (typeof listener === 'string' ? listener : listener.address).startsWith('http:');
}

// Lists that are sets.
const SETS = ['endpoints', 'host', 'path'];

/** The same configuration, with its fields and what is a set in another order. */
export function reordered<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reordered) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .toReversed()
    .map(([name, field]) => {
      const inOrder = reordered(field);
      return [name, SETS.includes(name) && Array.isArray(inOrder) ? inOrder.toReversed() : inOrder];
    });
  return Object.fromEntries(fields) as T;
}
