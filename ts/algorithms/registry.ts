/** The algorithms that there are by name. */

import type { Algorithm } from './contract.js';
import { roundRobin } from './round-robin.js';
import { twoChoices } from './two-choices.js';

/** Those of fourseven. A new one adds its line here, and one to the contract's tests. */
export const BUILT_IN: ReadonlyMap<string, Algorithm> = new Map([
  ['round-robin', roundRobin],
  ['two-choices', twoChoices],
]);
