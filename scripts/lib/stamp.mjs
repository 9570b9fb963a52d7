// Remembers what a result was made of, so that only what is stale is made again.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { memory, root } from './paths.mjs';

/**
 * Every file at or under these paths, in one order on every machine.
 *
 * @param {...string} paths
 * @returns {string[]}
 */
export function filesUnder(...paths) {
  return paths.flatMap((path) => {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (!entry) return [];
    if (!entry.isDirectory()) return [path];
    return readdirSync(path)
      .toSorted()
      .filter((name) => name !== 'target' && name !== 'node_modules')
      .flatMap((name) => filesUnder(join(path, name)));
  });
}

/** One hash over the names and the content of these files, and over some words besides. */
export function hashOf(files, words = []) {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`\0${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Makes a result again unless it is what these inputs gave the last time. `outputs()` lists its
 * files: one that was removed or changed by hand makes it stale as well.
 *
 * @returns true when it was made, false when it was fresh
 */
export async function unlessFresh(name, { inputs, words, outputs }, make) {
  const path = join(memory, `${name}.json`);
  const made = hashOf(inputs(), words);
  if (isFresh(path, made, outputs)) return false;
  // Forgotten first: a crash halfway leaves a stale result, never one that looks fresh.
  rmSync(path, { force: true });
  await make();
  const stamp = { made, gave: hashOf(outputs()) };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(stamp));
  return true;
}

function isFresh(path, made, outputs) {
  try {
    const stamp = JSON.parse(readFileSync(path, 'utf8'));
    return stamp.made === made && stamp.gave === hashOf(outputs());
  } catch {
    return false;
  }
}
