/** A configuration once it is read: right, complete, and in milliseconds. */

import type { Accept, Address, Protocol } from '../plan/types.js';
import type { Endpoint } from './endpoint.js';

/** A configuration whose every piece is right. */
export interface ReadConfig {
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly pools: ReadonlyMap<string, Pool>;
  /** In the order written. Where none were given, the one to the only pool. */
  readonly routes: readonly Route[];
  readonly timeouts: SomeTimeouts;
  /** In milliseconds. */
  readonly drain: number;
  /** `null` is decided where it runs. */
  readonly workers: number | null;
  readonly portable: boolean;
}

/** Where connections come in. */
export interface Listener {
  readonly address: Address;
  readonly protocol: Protocol;
  readonly accept: Accept;
  readonly backlog: number;
}

/** A named set of endpoints that can serve the same connections. */
export interface Pool {
  readonly endpoints: readonly Endpoint[];
  readonly algorithm: AlgorithmChoice;
}

/** The algorithm of a pool. */
export interface AlgorithmChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which pool serves which connections. */
export interface Route {
  readonly name: string | null;
  /** As it was written: a name, several, or `null` for every listener. */
  readonly listener: string | readonly string[] | null;
  readonly pool: string;
  readonly timeouts: SomeTimeouts;
}

/** The timeouts that were given, in milliseconds; `null` waits for ever. */
export interface SomeTimeouts {
  readonly connect?: number | undefined;
  readonly idle?: number | null | undefined;
  readonly halfClose?: number | null | undefined;
}

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
  /** `null` when it was not written, too. */
  readonly accept: Accept | null;
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
  /** `null` was wrong. */
  readonly pool: string | null;
}
