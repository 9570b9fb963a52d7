// Configurations that are right, drawn from a grammar, and ways to change them.
import * as fc from 'fast-check';
import type {
  Config,
  Duration,
  EndpointConfig,
  ListenerConfig,
  PoolConfig,
  RouteConfig,
  TimeoutsConfig,
} from '../../ts/config/types.js';

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

const timeouts: fc.Arbitrary<TimeoutsConfig> = fc.record(
  {
    connect: duration(),
    idle: fc.oneof(duration(), fc.constant(false as const)),
    halfClose: fc.oneof(duration(), fc.constant(false as const)),
  },
  { requiredKeys: [] },
);

// Every system has these addresses, and no two listeners want the same.
const listener: fc.Arbitrary<string | ListenerConfig> = fc.oneof(
  fc.constantFrom('127.0.0.1:0', 'tcp://127.0.0.1:0'),
  fc.record(
    {
      address: fc.constant('tcp://127.0.0.1:0'),
      accept: fc.constantFrom('per-worker', 'hand-off'),
      backlog: fc.integer({ min: 1, max: 65_535 }),
    },
    { requiredKeys: ['address'] },
  ),
);

const endpoint: fc.Arbitrary<EndpointConfig> = fc.record({
  name,
  addresses: fc.array(endpointAddress, { minLength: 1, maxLength: 3 }),
});

interface Parts {
  listeners: [string, string | ListenerConfig][];
  pools: [string, EndpointConfig[], PoolConfig['algorithm']][];
  routes: { pool: number; listener: number; name: boolean; timeouts: TimeoutsConfig | undefined }[];
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
      algorithm,
    ),
    { minLength: 1, maxLength: 3, selector: ([name]) => name },
  ),
  routes: fc.array(
    fc.record({
      pool: fc.nat(10),
      listener: fc.nat(10),
      name: fc.boolean(),
      timeouts: fc.option(timeouts, { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
});

const settings = fc.record(
  { timeouts, drain: duration(), workers: fc.integer({ min: 1, max: 4 }), portable: fc.boolean() },
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
  const agreed = pools.map(([name, endpoints, algorithm]): [string, PoolConfig] => {
    const members = endpoints.map((endpoint) => known.get(endpoint.name) ?? endpoint);
    for (const endpoint of members) known.set(endpoint.name, endpoint);
    return [name, { endpoints: members, algorithm }];
  });
  return Object.fromEntries(agreed);
}

// A route of its own for some listeners, and a last one for all, unless none is left for it.
function routesOf({ listeners, pools, routes }: Parts): RouteConfig[] {
  const poolOf = (at: number): string => pools[at % pools.length]?.[0] ?? '';
  const single = new Map(
    routes.map((route) => [listeners[route.listener % listeners.length]?.[0] ?? '', route]),
  );
  const some = [...single].map(([listener, { pool, name, timeouts }], at): RouteConfig => ({
    pool: poolOf(pool),
    match: { listener },
    ...(name && { name: `route ${at}` }),
    ...(timeouts && { timeouts }),
  }));
  return some.length === listeners.length ? some : [...some, { pool: poolOf(0) }];
}

/** The same configuration, with its fields and endpoints in another order. */
export function reordered<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reordered) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .toReversed()
    .map(([name, field]) => {
      const inOrder = reordered(field);
      return [name, name === 'endpoints' && Array.isArray(inOrder) ? inOrder.toReversed() : inOrder];
    });
  return Object.fromEntries(fields) as T;
}
