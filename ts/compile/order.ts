/** The order of names: by UTF-16 code units, which is the same on every machine in any language. */

import type { Endpoint } from '../config/endpoint.js';

/** Compares two things by their names. */
export function byName<T>(nameOf: (thing: T) => string): (one: T, other: T) => number {
  return (one, other) => {
    const [a, b] = [nameOf(one), nameOf(other)];
    return a < b ? -1 : Number(a > b);
  };
}

/**
 * The order in which algorithms see the endpoints of a pool, and in which the plan lists them. It
 * depends on their names alone, so every machine with the same endpoints computes the same tables.
 */
export function inOrderOfName(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...endpoints].sort(byName(({ name }) => name));
}
