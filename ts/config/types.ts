/**
 * What users write. It is plain data: a `.ts` file, a `.json` file and code say the same thing.
 * Where a function is needed, it is named here and registered beside the configuration.
 */

/**
 * A length of time: milliseconds as a number, or a number and a unit, such as `'250ms'`, `'5s'`,
 * `'10m'` or `'1h'`. The longest is 1000 hours.
 */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

/** Everything a balancer does, as plain data. */
export interface Config {
  /**
   * Where connections come in, by name. At least one.
   *
   * Issues: `NO_LISTENERS`, `DUPLICATE_ADDRESS`, `LISTENER_UNROUTED`.
   */
  readonly listeners: Readonly<Record<string, string | ListenerConfig>>;
  /**
   * Sets of endpoints that can serve the same connections, by name. At least one.
   *
   * Issue: `NO_POOLS`.
   */
  readonly pools: Readonly<Record<string, PoolConfig>>;
  /**
   * Which pool serves which connections. A route that names its listeners goes before one that
   * takes all of them; otherwise the first that matches wins.
   *
   * Default: everything goes to the only pool. With more pools it must be given.
   *
   * Issues: `ROUTES_MISSING`, `ROUTE_UNREACHABLE`, `DUPLICATE_ROUTE`.
   */
  readonly routes?: readonly RouteConfig[] | undefined;
  /** How long the steps of a connection may take, where a route does not say otherwise. */
  readonly timeouts?: TimeoutsConfig | undefined;
  /**
   * How long connections may go on when their endpoint leaves the configuration, and when the
   * balancer closes. Default: `'30s'`. 0 cuts them at once.
   */
  readonly drain?: Duration | undefined;
  /**
   * Threads that carry traffic, from 1 to 1024. Default: as many as the process may use
   * processors, by its cgroup's quota too.
   */
  readonly workers?: number | undefined;
  /**
   * Uses only what every system has: one socket a listener, and no splice. Slower on Linux; for
   * comparing and for finding faults. Default: `false`.
   */
  readonly portable?: boolean | undefined;
}

/** Where connections come in. A string is short for its address. */
export interface ListenerConfig {
  /**
   * Where to listen: `'tcp://:8080'` or `':8080'` (all addresses, IPv6 and IPv4),
   * `'tcp://127.0.0.1:8080'`, `'tcp://[::1]:8080'`, or `'unix:/run/web.sock'`. With `'http://'` in
   * the place of `'tcp://'`, or `'http+unix:'`, HTTP/1.1 is spoken there. Port 0 takes a free
   * one; `balancer.listeners()` says which.
   *
   * Issues: `BAD_ADDRESS` and the others of addresses, `TWO_FAMILIES` for `localhost`.
   */
  readonly address: string;
  /**
   * Who accepts connections: each worker on a socket of its own, or one thread that hands each to
   * the least loaded worker. Default: `'per-worker'`, and `'hand-off'` for a Unix socket, which
   * cannot be accepted per worker (`ACCEPT_UNIX`). Systems without `SO_REUSEPORT` always hand off.
   */
  readonly accept?: 'per-worker' | 'hand-off' | undefined;
  /**
   * Connections that the system holds for a socket until they are accepted, from 1 to 65535. The
   * system may hold fewer. Default: 4096.
   */
  readonly backlog?: number | undefined;
}

/** A named set of endpoints that can serve the same connections. */
export interface PoolConfig {
  /**
   * What serves the connections: an address, `'name=address'`, or an object. At least one.
   *
   * The same name in two pools is one endpoint, with one set of counts.
   *
   * Issues: `NO_ENDPOINTS`, `DUPLICATE_ENDPOINT`, `ENDPOINT_DISAGREES`.
   */
  readonly endpoints: readonly (string | EndpointConfig)[];
  /**
   * How an endpoint is chosen: `'two-choices'`, `'round-robin'`, or the name of an algorithm that
   * was registered with `createBalancer(config, { algorithms })`. Default: `'two-choices'`.
   *
   * Issues: `UNKNOWN_ALGORITHM`, `ALGORITHM_THREW`, `ALGORITHM_WRONG`.
   */
  readonly algorithm?: AlgorithmName | AlgorithmConfig | undefined;
}

/** A name of an algorithm: one of fourseven, or one that was registered. */
export type AlgorithmName = 'round-robin' | 'two-choices' | (string & {});

/** An algorithm with options. */
export interface AlgorithmConfig {
  /** Its name. */
  readonly name: AlgorithmName;
  /** What it is given as its second argument. Default: `{}`. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** What serves connections. A string is short for its address, or for `'name=address'`. */
export interface EndpointConfig {
  /** Its stable name, in counters and messages. Short forms default to the address. */
  readonly name: string;
  /**
   * Where it is reached: `':3001'` or `'localhost:3001'` (this machine, IPv4 then IPv6),
   * `'10.0.0.7:3001'`, `'[2001:db8::7]:3001'` or `'unix:/run/app.sock'`. At least one, tried in
   * this order. Names are not resolved yet (`HOST_NAME`).
   */
  readonly addresses: readonly string[];
}

/** Which pool serves which connections. */
export interface RouteConfig {
  /**
   * Its stable name. Default: the name of its pool, with a number where that is taken.
   *
   * Issue: `DUPLICATE_ROUTE`.
   */
  readonly name?: string | undefined;
  /** Which connections it takes. Default: all. */
  readonly match?: MatchConfig | undefined;
  /** The pool that serves them. Issue: `UNKNOWN_POOL`. */
  readonly pool: string;
  /** How long the steps of its connections may take, where it differs from the rest. */
  readonly timeouts?: TimeoutsConfig | undefined;
}

/** Which connections a route takes: those for which every field matches. */
export interface MatchConfig {
  /** The listener they came in by, or several. Default: any. Issue: `UNKNOWN_LISTENER`. */
  readonly listener?: string | readonly string[] | undefined;
}

/** How long the steps of a connection may take. Kept in ticks of 10 ms, and never too short. */
export interface TimeoutsConfig {
  /** To connect to an endpoint, over all its addresses. Default: `'5s'`. At least 1 ms. */
  readonly connect?: Duration | undefined;
  /** Without a byte in either direction. Default: `'10m'`. `false` waits for ever. */
  readonly idle?: Duration | false | undefined;
  /**
   * Without a byte once one side has finished sending. Default: `'30s'`. `false` waits for ever.
   */
  readonly halfClose?: Duration | false | undefined;
}
