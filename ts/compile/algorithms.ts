/** Runs the algorithm of each pool, and checks what it gives. */

import { checkPicker } from '../algorithms/check.js';
import type { Algorithm, Picker } from '../algorithms/contract.js';
import { BUILT_IN } from '../algorithms/registry.js';
import { writePath } from '../config/path.js';
import type { Outline, PoolOutline } from '../config/pieces.js';
import { suggest } from '../config/suggest.js';
import { describe, issue, type Issue } from '../errors.js';
import { inOrderOfName } from './order.js';

/** Algorithms by name. */
export type Algorithms = ReadonlyMap<string, Algorithm>;

/** The algorithms of fourseven and those that a user registered. */
export function knownAlgorithms(registered: Readonly<Record<string, unknown>>, issues: Issue[]): Algorithms {
  const known = new Map(BUILT_IN);
  for (const [name, algorithm] of Object.entries(registered)) {
    const path = writePath(['algorithms', name]);
    if (BUILT_IN.has(name)) {
      issues.push(issue(path, 'ALGORITHM_NAME_TAKEN', { name: describe(name) }));
    } else if (typeof algorithm === 'function') {
      known.set(name, algorithm as Algorithm);
    } else {
      issues.push(issue(path, 'ALGORITHM_NOT_FUNCTION', { got: describe(algorithm) }));
    }
  }
  return known;
}

/** The picker of each pool, by the pool's name; a pool without one has an issue. */
export function choosePickers(
  pools: Outline['pools'],
  algorithms: Algorithms,
  issues: Issue[],
): Map<string, Picker> {
  const pickers = new Map<string, Picker>();
  for (const [name, pool] of pools) {
    const path = writePath(['pools', name, 'algorithm']);
    const picker = choosePicker(pool, algorithms, path);
    if (picker === null) continue;
    if ('kind' in picker) pickers.set(name, picker);
    else issues.push(picker);
  }
  return pickers;
}

// `null`: what the algorithm would need could not be read, and was reported.
function choosePicker(
  { algorithm: choice, endpoints }: PoolOutline,
  algorithms: Algorithms,
  path: string,
): Picker | Issue | null {
  if (choice === null) return null;
  const name = describe(choice.name);
  const algorithm = algorithms.get(choice.name);
  if (algorithm === undefined) {
    const meant = suggest(choice.name, [...algorithms.keys()], 'algorithms');
    return issue(path, 'UNKNOWN_ALGORITHM', { got: name, meant });
  }
  const readable = endpoints.filter((endpoint) => endpoint !== null);
  if (readable.length === 0 || readable.length < endpoints.length) return null;
  const seen = Object.freeze(inOrderOfName(readable).map(({ name }) => Object.freeze({ name })));
  try {
    const checked = checkPicker(algorithm(seen, choice.options), seen.length);
    return 'picker' in checked ? checked.picker : issue(path, 'ALGORITHM_WRONG', { name, ...checked });
  } catch (error) {
    return issue(path, 'ALGORITHM_THREW', {
      name,
      reason: error instanceof Error ? error.message : describe(error),
    });
  }
}
