/** A configuration once it is read: right, complete, and in milliseconds. */

import type { Accept, Address, LogPart, LogSink, PathPolicy, Underscores } from '../plan/types.js';
import type { Spoken } from './address.js';
import type { Endpoint } from './endpoint.js';
import type { AnswerStatus } from './types.js';

/** A configuration whose every piece is right. */
export interface ReadConfig {
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly pools: ReadonlyMap<string, Pool>;
  /** In the order written. Where none were given, the one to the only pool. */
  readonly routes: readonly Route[];
  readonly timeouts: SomeTimeouts;
  readonly limits: SomeLimits;
  /** `null` is none. */
  readonly accessLog: AccessLog | null;
  readonly forward: SomeForward;
  /** In milliseconds. */
  readonly drain: number;
  /** `null` is decided where it runs. */
  readonly workers: number | null;
  readonly portable: boolean;
}

/** What is written of requests and connections. */
export interface AccessLog {
  readonly to: LogSink;
  readonly format: LogFormat;
  /** Fields of requests that lines of JSON have, in lower case; and of responses. */
  readonly request: readonly string[];
  readonly response: readonly string[];
  readonly sample: LogRates;
}

/** What a line says; parts are those of a template. */
export type LogFormat = 'json' | 'common' | 'combined' | readonly LogPart[];

/** The shares of lines that are written, from 0 to 1: by the class of the status, and of those with a fault. */
export type LogRates = Readonly<Record<'default' | '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'fault', number>>;

/** Where connections come in. */
export interface Listener {
  readonly address: Address;
  readonly protocol: Spoken;
  /** Of a listener that speaks HTTP. */
  readonly http: SomeHttp;
  readonly accept: Accept;
  readonly backlog: number;
  /** Whether its traffic is logged, where there is a log. */
  readonly log: boolean;
}

/** The settings of HTTP on a listener that were given: in milliseconds, in bytes, and how many. */
export interface SomeHttp {
  readonly head?: number | undefined;
  readonly keepAlive?: number | undefined;
  readonly line?: number | undefined;
  readonly fields?: number | undefined;
  readonly count?: number | undefined;
  readonly trust?: readonly string[] | undefined;
  readonly underscores?: Underscores | undefined;
  readonly hops?: number | undefined;
  /** In the order of their statuses. */
  readonly answers?: readonly OwnAnswer[] | undefined;
  readonly proxyStatus?: boolean | undefined;
  readonly mergeSlashes?: boolean | undefined;
}

/** A named set of endpoints that can serve the same connections. */
export interface Pool {
  readonly endpoints: readonly Endpoint[];
  readonly algorithm: AlgorithmChoice;
  readonly connections: SomeConnections;
  readonly retries: SomeRetries;
}

/** How long connections are kept, as far as it was given: in milliseconds; `null` is no end. */
export interface SomeConnections {
  readonly idle?: number | undefined;
  readonly age?: number | null | undefined;
  readonly requests?: number | null | undefined;
  readonly most?: number | undefined;
}

/** How many requests may be sent again, as far as it was given. */
export interface SomeRetries {
  readonly percent?: number | undefined;
  readonly reserve?: number | undefined;
}

/** The algorithm of a pool. */
export interface AlgorithmChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which pool serves which connections and requests. */
export interface Route {
  readonly name: string | null;
  /** As it was written: a name, several, or `null` for every listener. */
  readonly listener: string | readonly string[] | null;
  /** The hosts that requests are for; `null` is any. */
  readonly hosts: readonly string[] | null;
  /** What paths begin with, `''` for all of them; `null` does not look at requests. */
  readonly paths: readonly string[] | null;
  readonly pool: string;
  readonly timeouts: SomeTimeouts;
  readonly limits: SomeLimits;
  readonly forward: SomeForward;
  readonly tries: number;
  /** In the order of their statuses. */
  readonly answers: readonly OwnAnswer[];
  readonly proxyStatus: boolean;
  readonly trace: boolean;
  /** What its paths may have. */
  readonly pathPolicy: SomePaths;
}

/** What paths may have, as far as it was given. */
export type SomePaths = { readonly [Field in keyof PathPolicy]?: PathPolicy[Field] | undefined };

/** The timeouts that were given, in milliseconds; `null` waits for ever. */
export interface SomeTimeouts {
  readonly connect?: number | undefined;
  readonly idle?: number | null | undefined;
  readonly halfClose?: number | null | undefined;
  readonly body?: number | undefined;
  readonly firstByte?: number | undefined;
  readonly response?: number | undefined;
  readonly try?: number | null | undefined;
  readonly total?: number | null | undefined;
  readonly tunnel?: number | null | undefined;
}

/** The limits that were given, in bytes; `null` is any number. */
export interface SomeLimits {
  readonly body?: number | null | undefined;
  readonly bodyRate?: number | undefined;
}

/** What endpoints are told, as far as it was given; a host of `null` is that of the client. */
export interface SomeForward {
  readonly via?: boolean | undefined;
  readonly forwarded?: boolean | undefined;
  readonly realIp?: boolean | undefined;
  readonly requestId?: boolean | undefined;
  readonly host?: string | null | undefined;
}

/** An answer of ours in other words. */
export interface OwnAnswer {
  readonly status: AnswerStatus;
  /** Its media type. */
  readonly type: string;
  /** What it says, or where that is read. */
  readonly words: Words;
}

/** What an answer says, or the path of the file that says it. */
export type Words = { readonly text: string } | { readonly file: string };

/**
 * What names what in a configuration of which any piece may be wrong. `null` stands where something
 * wrong was reported, so that whoever looks at the whole still sees all the rest.
 */
export interface Outline {
  readonly listeners: ReadonlyMap<string, ListenerOutline>;
  readonly pools: ReadonlyMap<string, PoolOutline>;
  readonly routes: readonly RouteOutline[];
}

/** A listener of which any piece may be wrong. */
export interface ListenerOutline {
  readonly address: Address | null;
  readonly protocol: Spoken | null;
  /** `null` when it was not written, too. */
  readonly accept: Accept | null;
  /** Whether something is said of HTTP. */
  readonly saysHttp: boolean;
}

/** A pool of which any piece may be wrong. */
export interface PoolOutline {
  readonly endpoints: readonly (Endpoint | null)[];
  readonly algorithm: AlgorithmChoice | null;
}

/** A route of which any piece may be wrong. */
export interface RouteOutline {
  readonly name: string | null;
  /** `null` takes those of every listener; in a list, it is a name that was wrong. */
  readonly listener: string | readonly (string | null)[] | null;
  /** `null` is any; in a list, it is a host that was wrong. */
  readonly hosts: readonly (string | null)[] | null;
  /** `null` does not look at requests; in a list, it is a path that was wrong. */
  readonly paths: readonly (string | null)[] | null;
  /** `null` was wrong. */
  readonly pool: string | null;
}
