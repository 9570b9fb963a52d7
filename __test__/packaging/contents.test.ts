// The files of the npm package: what runs and what must be read, nothing else.
import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { filesUnder } from '../../scripts/lib/stamp.mjs';
import { contents } from '../../scripts/lib/tarball.mjs';

test('the package holds the loader without an addon, the command, and what must be read', async () => {
  const files = await contents(at());
  expect(files.filter((path) => !path.startsWith('dist/'))).toEqual([
    'CHANGELOG.md',
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'bin/fourseven.mjs',
    'native/binding.cjs',
    'native/binding.d.cts',
    'package.json',
  ]);
});

test('every compiled file in the package has its source in ts/', async () => {
  const sources = filesUnder(at('ts')).map((file) => relative(at('ts'), file).replace(/\.ts$/, ''));
  const wanted = sources.flatMap((stem) => [`dist/${stem}.d.ts`, `dist/${stem}.js`]).toSorted();
  const files = await contents(at());
  expect(files.filter((path) => path.startsWith('dist/'))).toEqual(wanted);
});
