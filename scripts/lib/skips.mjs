// The tests that were skipped, by name and with the reason: nothing is left out in silence.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, memory } from './paths.mjs';

/**
 * Starts a new list. Tests in any language append `name<TAB>reason` lines to the file that
 * FOURSEVEN_SKIPS names; `add` is for skips that a test runner reports by itself.
 */
export function openSkips() {
  const path = join(memory, `skips-${process.pid}.txt`);
  writeFileSync(path, '');
  return {
    path,
    add: (name, reason) => appendFileSync(path, `${name}\t${reason}\n`),
    list: () => unique(linesOf(path).map(split)),
    /** The names of the skips that CI accepts. */
    allowed: () => new Set(linesOf(at('__test__', 'skips.txt')).filter((line) => !line.startsWith('#'))),
  };
}

const linesOf = (path) => readFileSync(path, 'utf8').split('\n').filter((line) => line.trim() !== '');

function split(line) {
  const [name, reason = 'no reason given'] = line.split('\t');
  return { name, reason };
}

// A runner reports what a test has recorded itself; the first to speak knows the reason.
function unique(skips) {
  const byName = new Map();
  for (const skip of skips) if (!byName.has(skip.name)) byName.set(skip.name, skip);
  return [...byName.values()];
}
