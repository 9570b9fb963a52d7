/** The pickers that algorithms are made of. */

import type { Picker } from './contract.js';
import type { Cost } from './cost.js';

/**
 * Walks a table of positions, over and over. An endpoint's share is how often it stands there.
 *
 * Each worker starts at a place of its own. An endpoint that cannot serve is stepped over.
 */
export function cycle(table: Iterable<number>): Picker {
  return { kind: 'cycle', table: [...table] };
}

/** What `least()` takes beside the cost. */
export interface LeastOptions {
  /** How many endpoints are drawn at random and compared, from 1 to 32. Default: all of them. */
  readonly choices?: number | undefined;
}

/**
 * Takes the endpoint with the lowest cost, among all or among some drawn at random.
 *
 * Comparing all is linear in the size of the pool; two drawn at random come close to it at any size.
 */
export function least(cost: Cost, { choices }: LeastOptions = {}): Picker {
  return { kind: 'least', cost: cost.program, choices: choices ?? null };
}
