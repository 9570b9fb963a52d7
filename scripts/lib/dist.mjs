// Compiles ts/ into dist/ and removes what no source gives any more.
import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';
import { filesUnder, unlessFresh } from './stamp.mjs';

/** Runs TypeScript's compiler with these arguments. */
export const tsc = (args, options) =>
  run(process.execPath, [at('node_modules', 'typescript', 'bin', 'tsc'), ...args], options);

/** Builds dist/ if it is stale; says whether it did. */
export function buildDist() {
  const sources = ['ts', 'native/binding.d.cts', 'tsconfig.json', 'package-lock.json'];
  const recipe = {
    inputs: () => filesUnder(...sources.map((name) => at(name))),
    words: [],
    outputs: () => filesUnder(at('dist')),
  };
  return unlessFresh('dist', recipe, async () => {
    const what = 'compiling TypeScript';
    const { ok, output } = await during(what, (hear) => tsc(['-p', 'tsconfig.json'], { hear }));
    if (!ok) throw new Refusal(`${output}${what} failed.`);
    removeOrphans();
  });
}

// Not emptied beforehand: a balancer that runs from dist/ keeps its files.
function removeOrphans() {
  const stems = filesUnder(at('ts')).map((file) => relative(at('ts'), file).replace(/\.ts$/, ''));
  const wanted = new Set(stems.flatMap((stem) => [`${stem}.js`, `${stem}.d.ts`]));
  for (const file of filesUnder(at('dist'))) {
    if (!wanted.has(relative(at('dist'), file))) rmSync(file);
  }
}
