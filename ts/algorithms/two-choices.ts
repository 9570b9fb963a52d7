import { type Algorithm, noOptions } from './contract.js';
import { inflight } from './cost.js';
import { least } from './pickers.js';

/**
 * The less busy of two endpoints drawn at random. It costs the same at any size of the pool, evens
 * out connections of unequal length, and does not send everything to one that has just come back.
 */
export const twoChoices: Algorithm = (_endpoints, options) => {
  noOptions(options);
  return least(inflight, { choices: 2 });
};
