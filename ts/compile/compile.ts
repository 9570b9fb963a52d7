/**
 * Configuration to plan.
 *
 * ```text
 *   what was written ─ read ─▶ pieces ─┬─ run each pool's algorithm ─▶ pickers ─┐
 *          │                           └─ make rules of the routes ─▶ rules ────┼─▶ draft, places
 *          └─ files that are named ─ read ─▶ texts ─────────────────────────────┘
 * ```
 */

import type { Picker } from '../algorithms/contract.js';
import type { ReadConfig } from '../config/pieces.js';
import { readConfig } from '../config/read.js';
import { configInvalid, type Issue } from '../errors.js';
import { choosePickers, knownAlgorithms } from './algorithms.js';
import { assemble, type Compiled } from './assemble.js';
import { filesOf, type NamedFile, readFiles, type Texts } from './files.js';
import { orderRoutes, type Routing } from './routes.js';

/**
 * Compiles what was written, with the algorithms that were registered. What is written may change from then
 * on: it is read at once. Only the files that it names are waited for.
 *
 * Throws, or rejects with, `CONFIG_INVALID` and everything that is wrong.
 */
export function compileWithFiles(
  written: unknown,
  registered: Readonly<Record<string, unknown>> = {},
): Compiled | Promise<Compiled> {
  const begun = begin(written, registered);
  return begun.files.length === 0 ? finish(begun, NO_FILES) : readFiles(begun.files).then((texts) => finish(begun, texts));
}

/** The same of a configuration that names no file. */
export function compile(written: unknown, registered: Readonly<Record<string, unknown>> = {}): Compiled {
  return finish(begin(written, registered), NO_FILES);
}

const NO_FILES: Texts = new Map();

/** A configuration as far as it is known without its files. */
interface Begun {
  /** `null` when something is wrong. */
  readonly parts: readonly [ReadConfig, ReadonlyMap<string, Picker>, Routing] | null;
  readonly files: readonly NamedFile[];
  readonly issues: readonly Issue[];
}

function begin(written: unknown, registered: Readonly<Record<string, unknown>>): Begun {
  const { config, outline, issues } = readConfig(written);
  const files = filesOf(written);
  const algorithms = knownAlgorithms(registered, issues);
  if (outline === null) return { parts: null, files, issues };
  const pickers = choosePickers(outline.pools, algorithms, issues);
  const routing = orderRoutes(outline, issues);
  return { parts: config === null ? null : [config, pickers, routing], files, issues };
}

function finish({ parts, files, issues: found }: Begun, texts: Texts): Compiled {
  const ofFiles = files.flatMap(({ path, file }): Issue[] => {
    const read = texts.get(file);
    return read !== undefined && 'finding' in read ? [{ path, ...read.finding }] : [];
  });
  const issues = [...found, ...ofFiles];
  if (parts === null || issues.length > 0) throw configInvalid(issues);
  return assemble(...parts, texts);
}
