/**
 * What users write. It is plain data: a `.ts` file, a `.json` file and code say the same thing.
 * Where a function is needed, it is named here and registered beside the configuration.
 */

import type { ANSWERED } from '../plan/limits.js';

/**
 * A length of time: milliseconds as a number, or a number and a unit, such as `'250ms'`, `'5s'`,
 * `'10m'` or `'1h'`. The longest is 1000 hours.
 */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

/** A number of bytes, or a number and a unit, such as `'16KiB'` (16384), `'10MiB'` or `'2GiB'`. */
export type Bytes = number | `${number}KiB` | `${number}MiB` | `${number}GiB`;

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
   * Which pool serves which connections and requests. Of all that match, the one wins that names
   * the host; then the one with the longest path; then one that names its listeners before one that
   * takes all of them; then the first. A request that no route takes is answered with 404.
   *
   * Default: everything goes to the only pool. With more pools it must be given.
   *
   * Issues: `ROUTES_MISSING`, `ROUTE_UNREACHABLE`, `DUPLICATE_ROUTE`.
   */
  readonly routes?: readonly RouteConfig[] | undefined;
  /** How long the steps of a connection may take, where a route does not say otherwise. */
  readonly timeouts?: TimeoutsConfig | undefined;
  /** What requests may amount to, where a route does not say otherwise. */
  readonly limits?: LimitsConfig | undefined;
  /** What endpoints are told of requests, where a route does not say otherwise. */
  readonly forward?: ForwardConfig | undefined;
  /**
   * Writes a line for each request, each connection at layer 4 and each tunnel, once it is over. A
   * text is short for `to`, in JSON. Traffic never waits for it: what nobody takes is dropped and
   * counted. `docs/access-log.md` tells what a line says. Default: none is written.
   *
   * Issues: `BAD_LOG_PLACE`, `LOG_FAILED`.
   */
  readonly accessLog?: string | AccessLogConfig | undefined;
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
  /** Whether what comes there is logged, if `accessLog` says that anything is. Default: `true`. */
  readonly log?: boolean | undefined;
  /** What holds for HTTP there. Issue: `HTTP_ON_TCP` where none is spoken. */
  readonly http?: HttpConfig | undefined;
}

/** What holds for HTTP on a listener, before it is known which route a request takes. */
export interface HttpConfig {
  /** How long a client may take. */
  readonly timeouts?: HttpTimeoutsConfig | undefined;
  /** How large the head of a request may be, and how far it may have come. */
  readonly limits?: HttpLimitsConfig | undefined;
  /**
   * The networks of proxies in front of this one, such as `'10.0.0.0/8'`, `'2001:db8::/32'` or
   * `'192.0.2.7'`; `'unix'` is whoever comes by a Unix socket. What they say of other clients
   * (`X-Forwarded-…`, `Forwarded`, `X-Real-IP`, `X-Request-Id`) goes on, and is added to; what anyone
   * else says of that is replaced or left out. Default: none.
   *
   * Issue: `BAD_NETWORK`.
   */
  readonly trust?: readonly string[] | undefined;
  /**
   * What becomes of fields whose names have `_`, which many applications cannot tell from those
   * with `-`: they go on, are left out, or the request is refused with 400. Those that could be taken
   * for what fourseven itself says or reads never go on. Default: `'keep'`.
   */
  readonly underscores?: 'keep' | 'drop' | 'reject' | undefined;
  /** Answers of ours in other words, where the route has none for the status, or there is no route. */
  readonly answers?: AnswersConfig | undefined;
  /**
   * Whether answers that belong to no route, such as 400 and 404, say why, in the field `Proxy-Status`
   * (RFC 9209). Default: `false`.
   */
  readonly proxyStatus?: boolean | undefined;
  /**
   * Several slashes in a path are one, before anything is compared and for endpoints too: `//a///b`
   * is `/a/b`. Default: `false`, as many as came; most endpoints tell them apart.
   */
  readonly mergeSlashes?: boolean | undefined;
}

/**
 * What clients are told in place of our own words, by status. To HEAD the same is told without the body.
 *
 * Issue: `UNKNOWN_FIELD` for a status that is never ours to answer.
 */
export type AnswersConfig = { readonly [Status in AnswerStatus]?: string | AnswerConfig | undefined };

/** A status that fourseven answers itself. */
export type AnswerStatus = (typeof ANSWERED)[number];

/**
 * What a client is told: text, or a file. A string is short for its text. At most 64 KiB of UTF-8.
 *
 * Issues: `ANSWER_WORDS`, `ANSWER_TOO_LARGE`, `ANSWER_NOT_TEXT`.
 */
export interface AnswerConfig {
  /** The body. */
  readonly text?: string | undefined;
  /**
   * The path of a file with the body, absolute or from where the process works. It is read each time the
   * configuration is applied, and only then. Issue: `ANSWER_UNREADABLE`.
   */
  readonly file?: string | undefined;
  /**
   * Its media type. Default: `'text/plain; charset=utf-8'` for text; for a file what its name says, which
   * has to end in `.html`, `.txt`, `.json`, `.xml` or `.svg`.
   *
   * Issues: `ANSWER_TYPE`, `ANSWER_NO_TYPE`.
   */
  readonly type?: string | undefined;
}

/** How long a client may take that speaks HTTP. At least 1 ms each. */
export interface HttpTimeoutsConfig {
  /**
   * For the head of a request, from its first byte on; then it is answered with 408. For a
   * connection's first request the time runs from its acceptance. Default: `'30s'`.
   */
  readonly head?: Duration | undefined;
  /** Between two requests; then the connection is closed. Default: `'75s'`. */
  readonly keepAlive?: Duration | undefined;
}

/**
 * How large the head of a request may be, and how far it may have come. The head of a response may always have 16 KiB, 64 KiB and 128
 * fields; a larger one is not passed on, and the request is answered with 502.
 */
export interface HttpLimitsConfig {
  /** The first line, from 1 byte to 32 KiB; beyond it 414. Default: `'16KiB'`. */
  readonly line?: Bytes | undefined;
  /** All field lines together, from 1 byte to 64 KiB; beyond it 431. Default: `'64KiB'`. */
  readonly fields?: Bytes | undefined;
  /** How many fields, from 1 to 128; beyond it 431. Default: 100. */
  readonly count?: number | undefined;
  /**
   * How many others may have passed a request on, as its `Via` tells, from 1 to 255; beyond it 508, as for
   * a request that comes by here again. Default: 20.
   */
  readonly hops?: number | undefined;
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
  /** How long HTTP connections to its endpoints are kept for further requests. */
  readonly connections?: ConnectionsConfig | undefined;
  /** How many of its requests may be sent again. */
  readonly retries?: RetriesConfig | undefined;
}

/** How long HTTP connections to an endpoint are kept for further requests. */
export interface ConnectionsConfig {
  /** How long one may wait for its next request. Default: `'60s'`. At least 1 ms. */
  readonly idle?: Duration | undefined;
  /** After which it serves no further request. Default: `false`, no end. */
  readonly age?: Duration | false | undefined;
  /** How many requests it may serve, from 1. Default: `false`, any number. */
  readonly requests?: number | false | undefined;
  /**
   * How many each worker keeps waiting for each endpoint, from 0 (none is used again) to 65535.
   * Default: 256.
   */
  readonly most?: number | undefined;
}

/**
 * How many requests of a pool may be sent again, so that retries do not bring down what is left of
 * it. Each retry beyond is denied, and its client is told of the failure.
 */
export interface RetriesConfig {
  /** Percent of the requests that came lately, from 0 to 1000. Default: 20. */
  readonly percent?: number | undefined;
  /** This many a second besides, from 0 to 100000. Default: 10. */
  readonly reserve?: number | undefined;
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

/** Which pool serves which connections and requests. */
export interface RouteConfig {
  /**
   * Its stable name. Default: the name of its pool, with a number where that is taken.
   *
   * Issue: `DUPLICATE_ROUTE`.
   */
  readonly name?: string | undefined;
  /** Which connections and requests it takes. Default: all. */
  readonly match?: MatchConfig | undefined;
  /** The pool that serves them. Issue: `UNKNOWN_POOL`. */
  readonly pool: string;
  /** How long the steps of its connections may take, where it differs from the rest. */
  readonly timeouts?: TimeoutsConfig | undefined;
  /** What its requests may amount to, where it differs from the rest. */
  readonly limits?: LimitsConfig | undefined;
  /** What its endpoints are told of requests, where it differs from the rest. */
  readonly forward?: ForwardConfig | undefined;
  /**
   * At how many endpoints a request is tried, from 1 to 16, as long as that does no harm and its
   * pool has retries left. Default: 3.
   */
  readonly tries?: number | undefined;
  /** What its clients are told in place of our own words, before what its listener says. */
  readonly answers?: AnswersConfig | undefined;
  /**
   * Whether answers of ours say why, in the field `Proxy-Status` (RFC 9209), such as
   * `fourseven; error=connection_refused`. Default: `false`.
   */
  readonly proxyStatus?: boolean | undefined;
  /**
   * Whether TRACE goes on. It shows what stands between a client and its endpoint; else it is answered with
   * 405. Default: `false`.
   */
  readonly trace?: boolean | undefined;
  /** What the paths of its requests may have, and in which form they go on. */
  readonly paths?: PathsConfig | undefined;
}

/**
 * What happens to what others may take for something else in the path of a request, and in which
 * form it goes on. What is rejected is answered with 400, also where a `..` behind it would remove
 * it. A path with `%00`, with a `%` without two digits, or with encoded bytes that are not UTF-8 is
 * always answered with 400. The query is left as it is.
 */
export interface PathsConfig {
  /**
   * `%2F`, which endpoints may take for a slash. `'keep'` leaves it, a part of its segment.
   * `'decode'` makes it a slash before anything is compared and for endpoints too; where another
   * route takes the path then, the answer is 400. Default: `'reject'`.
   */
  readonly encodedSlash?: 'reject' | 'keep' | 'decode' | undefined;
  /** `%5C`, which endpoints may take for a slash. Default: `'reject'`. */
  readonly encodedBackslash?: 'reject' | 'keep' | undefined;
  /** `%25`, behind which endpoints may decode once more. Default: `'keep'`. */
  readonly encodedPercent?: 'reject' | 'keep' | undefined;
  /** `\`, which endpoints may take for a slash. Default: `'reject'`. */
  readonly backslash?: 'reject' | 'keep' | undefined;
  /**
   * `;`, behind which endpoints may see parameters of a segment. `'parameters'` leaves it where a
   * name stands before it, and rejects it right behind `.`, `..` or nothing, and `%3B` right behind
   * dots: without the parameters that is another path. Default: `'parameters'`.
   */
  readonly semicolon?: 'reject' | 'parameters' | 'keep' | undefined;
  /**
   * What endpoints get: the `'canonical'` path, by which the route was found, or the
   * `'original'`, as it came. Default: `'canonical'`.
   */
  readonly form?: 'canonical' | 'original' | undefined;
}

/**
 * Which connections and requests a route takes: those for which every field matches. With a host or
 * a path it looks at requests, so it takes only what comes by listeners that speak HTTP.
 *
 * Issues: `MATCH_NEEDS_HTTP` where none of its listeners does, `TOO_MANY_RULES` where its hosts
 * times its paths are more than 1000.
 */
export interface MatchConfig {
  /** The listener they came in by, or several. Default: any. Issue: `UNKNOWN_LISTENER`. */
  readonly listener?: string | readonly string[] | undefined;
  /**
   * The host that a request is for, or several: exactly this one, in any case and with any port,
   * such as `'api.example'` or `'[2001:db8::7]'`. Names beyond ASCII are written as requests have
   * them, `'xn--…'`. Default: any.
   *
   * Issues: `BAD_HOST`, `HOST_PORT`, `HOST_UNICODE`, `HOST_WILDCARD`.
   */
  readonly host?: string | readonly string[] | undefined;
  /**
   * What the path of a request begins with, or several such: whole segments. `'/v2'` takes `/v2`,
   * `/v2/` and `/v2/x`, not `/v2x`; `'/v2/'` says the same, and `'/'` takes everything. It is
   * compared with the canonical form of a path, and written in that: `/%7Eme/./x` is `/~me/x`, and
   * `/caf%c3%a9` is `/caf%C3%A9`. Default: any.
   *
   * Issues: `BAD_PREFIX`, `PREFIX_ENCODING`, `PREFIX_CANONICAL`, `PREFIX_BROKEN`; `PREFIX_REFUSED`
   * where `paths` of the route refuses it.
   */
  readonly path?: string | readonly string[] | undefined;
}

/**
 * How long the steps of a connection or a request may take. Kept in ticks of 10 ms, and never too
 * short. At least 1 ms each.
 */
export interface TimeoutsConfig {
  /** To connect to an endpoint, over all its addresses. Default: `'5s'`. */
  readonly connect?: Duration | undefined;
  /** TCP: without a byte in either direction. Default: `'10m'`. `false` waits for ever. */
  readonly idle?: Duration | false | undefined;
  /**
   * TCP, and tunnels: without a byte once one side has finished sending. Default: `'30s'`. `false`
   * waits for ever.
   */
  readonly halfClose?: Duration | false | undefined;
  /**
   * HTTP: in every span of this length, at least `limits.bodyRate` bytes a second of a request's
   * body have to come, and one byte in any case; else 408. Default: `'60s'`.
   */
  readonly body?: Duration | undefined;
  /** HTTP: from the end of a request to the first byte of its response; then 504. Default: `'60s'`. */
  readonly firstByte?: Duration | undefined;
  /** HTTP: without a byte of a response; then the connection is cut. Default: `'60s'`. */
  readonly response?: Duration | undefined;
  /**
   * HTTP: one try, until its response begins. Then another endpoint is tried, if that does no harm.
   * Default: `false`, as long as the others allow.
   */
  readonly try?: Duration | false | undefined;
  /**
   * HTTP: a request with all its tries and its response; 504 where none has begun. Default: `false`,
   * as long as the others allow.
   */
  readonly total?: Duration | false | undefined;
  /**
   * HTTP: without a byte in either direction once both sides speak another protocol, such as
   * WebSocket. Default: `'1h'`. `false` waits for ever.
   */
  readonly tunnel?: Duration | false | undefined;
}

/** What requests may amount to. Of HTTP alone. */
export interface LimitsConfig {
  /** The body of a request, up to 1048576 GiB; beyond it 413. Default: `false`, any number. */
  readonly body?: Bytes | false | undefined;
  /**
   * Bytes a second of a request's body that have to come, measured over each span of
   * `timeouts.body`. Default: 240. 0 asks for one byte in each span only.
   */
  readonly bodyRate?: number | undefined;
}

/** What is logged of requests and connections, and where. */
export interface AccessLogConfig {
  /**
   * `'stdout'`, or the absolute path of a file, which is made when it is not there. A file that was
   * moved away is made anew by `balancer.reopenLog()`, on SIGHUP by the command, and within a second by
   * itself. A pipe has to have a reader.
   *
   * Issues: `BAD_LOG_PLACE`, `LOG_FAILED` when it cannot be opened.
   */
  readonly to: string;
  /**
   * What a line says: `'json'`, Apache's `'common'` or `'combined'`, or a template. Default: `'json'`.
   */
  readonly format?: 'json' | 'common' | 'combined' | LogTemplateConfig | undefined;
  /**
   * Fields of heads that lines of JSON have besides, such as `user-agent`. Those with secrets
   * (`authorization`, `proxy-authorization`, `cookie`, `set-cookie`) are in a line only if they are
   * named here or in a template. Default: none.
   *
   * Issues: `BAD_FIELD_NAME`, `LOG_FIELDS_FORMAT` with a format that is not JSON, `TOO_MANY_LOG_FIELDS`
   * beyond 64 of them, or 2 KiB of names.
   */
  readonly fields?: LogFieldsConfig | undefined;
  /**
   * The share of lines that is written, from 0 to 1: of all, or by what came of them. Which lines
   * those are is left to chance. Default: 1.
   */
  readonly sample?: number | LogSampleConfig | undefined;
}

/** What a line says, as a template. */
export interface LogTemplateConfig {
  /**
   * Text with values in braces, such as `'{client} {method} {target} {status} {request.user-agent}'`:
   * a value that `docs/access-log.md` lists, or `request.` or `response.` and the name of a field. A
   * brace itself is written twice. At most 200 parts and 4 KiB of text.
   *
   * Issues: `BAD_TEMPLATE`, `UNKNOWN_LOG_VALUE`, `BAD_FIELD_NAME`.
   */
  readonly template: string;
}

/** Fields of heads, by their names in any case. */
export interface LogFieldsConfig {
  /** Of requests. Default: none. */
  readonly request?: readonly string[] | undefined;
  /** Of the responses of endpoints. Default: none. */
  readonly response?: readonly string[] | undefined;
}

/** Shares of lines, from 0 to 1, by what came of a request or a connection. */
export interface LogSampleConfig {
  /** Of what is not said below. Default: 1. */
  readonly default?: number | undefined;
  /** Where the client was sent a status of this class, and nothing went wrong. Default: `default`. */
  readonly '1xx'?: number | undefined;
  /** As `1xx`. */
  readonly '2xx'?: number | undefined;
  /** As `1xx`. */
  readonly '3xx'?: number | undefined;
  /** As `1xx`. */
  readonly '4xx'?: number | undefined;
  /** As `1xx`. */
  readonly '5xx'?: number | undefined;
  /** Where something went wrong, whatever the status. Default: `default`. */
  readonly fault?: number | undefined;
}

/**
 * What endpoints are told of requests, besides `X-Forwarded-For`, `X-Forwarded-Proto` and
 * `X-Forwarded-Host`, which they always are. Of HTTP alone.
 */
export interface ForwardConfig {
  /**
   * `Via` (RFC 9110 section 7.6.3): the version that the request came by, and a name of this process.
   * Some servers compress nothing for requests that have it. Default: `true`.
   */
  readonly via?: boolean | undefined;
  /** `Forwarded` (RFC 7239), the standard's own form of the same. Default: `false`. */
  readonly forwarded?: boolean | undefined;
  /**
   * `X-Real-IP`: the address of the client; behind trusted proxies the last one in their
   * `X-Forwarded-For` that is not trusted itself. Default: `false`.
   */
  readonly realIp?: boolean | undefined;
  /**
   * `X-Request-Id`: 32 random hexadecimal digits, or what a trusted proxy has sent, if that is up to 128
   * letters, digits and `-._~:/@+=`. Default: `false`, and what clients send of it goes on as it is.
   */
  readonly requestId?: boolean | undefined;
  /**
   * What Host says, such as `'app.internal'` or `'app.internal:8080'`. The client's is in
   * `X-Forwarded-Host` then. Default: `false`, the client's.
   *
   * Issues: `BAD_HOST`, `HOST_UNICODE`, `HOST_WILDCARD`, `BAD_PORT`.
   */
  readonly host?: string | false | undefined;
}
