/**
 * What an algorithm is: a pure function from the endpoints of a pool to a *picker*, the data that
 * the core executes for each connection. It runs once for each plan and never on the path of a byte.
 */

import type { DraftPicker } from '../plan/encode.js';

/** What an algorithm knows of an endpoint. */
export interface EndpointView {
  /** Its stable name. Tables built from names alone are the same on every machine of a cluster. */
  readonly name: string;
}

/** What stands in a pool under `algorithm.options`. */
export type AlgorithmOptions = Readonly<Record<string, unknown>>;

/**
 * Chooses a picker for a pool.
 *
 * It must be pure: the same endpoints and options give the same picker. The endpoints come sorted
 * by name; a picker names them by their position in that list. What it throws is reported as an
 * issue of the pool.
 *
 * ```ts
 * // The first endpoint gets two connections of three.
 * const mine: Algorithm = (endpoints) => cycle([0, ...endpoints.keys()]);
 * ```
 */
export type Algorithm = (endpoints: readonly EndpointView[], options: AlgorithmOptions) => Picker;

/** The data that the core executes to choose an endpoint. Made by `cycle()` and `least()`. */
export type Picker = DraftPicker;

/** For an algorithm that takes no options: throws when there are some. */
export function noOptions(options: AlgorithmOptions): void {
  const [field] = Object.keys(options);
  if (field !== undefined) throw new TypeError(`it takes no options, and "${field}" is given`);
}
