/**
 * Configuration to plan.
 *
 * ```text
 *   what was written ─ read ─▶ pieces ─┬─ run each pool's algorithm ─▶ pickers ─┐
 *                                      └─ make rules of the routes ─▶ rules ────┴─▶ draft, places
 * ```
 */

import { configInvalid } from '../errors.js';
import { readConfig } from '../config/read.js';
import { choosePickers, knownAlgorithms } from './algorithms.js';
import { assemble, type Compiled } from './assemble.js';
import { orderRoutes } from './routes.js';

/**
 * Compiles what was written, with the algorithms that were registered.
 *
 * Throws `CONFIG_INVALID` with everything that is wrong.
 */
export function compile(written: unknown, registered: Readonly<Record<string, unknown>> = {}): Compiled {
  const { config, outline, issues } = readConfig(written);
  const algorithms = knownAlgorithms(registered, issues);
  if (outline === null) throw configInvalid(issues);
  const pickers = choosePickers(outline.pools, algorithms, issues);
  const routing = orderRoutes(outline, issues);
  if (config === null || issues.length > 0) throw configInvalid(issues);
  return assemble(config, pickers, routing);
}
