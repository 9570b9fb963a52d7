// What the manifest and the lock file promise to those who install the package.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';

const read = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
const manifest = read('package.json');
const lock = read('package-lock.json');

test('installing the package runs no script', () => {
  const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'preprepare', 'postprepare'];
  expect(Object.keys(manifest.scripts).filter((name) => atInstall.includes(name))).toEqual([]);
});

test('the package states its name, licence, kind and the Nodes it runs on', () => {
  expect(manifest).toMatchObject({
    name: 'fourseven',
    license: 'MIT OR Apache-2.0',
    type: 'module',
    engines: { node: '^20.19.0 || >=22.12.0' },
    bin: { fourseven: 'bin/fourseven.mjs' },
  });
});

test('the two commands replace their shell, so that signals arrive', () => {
  expect(manifest.scripts.start).toMatch(/^exec node /);
  expect(manifest.scripts.test).toMatch(/^exec node /);
});

test('the platform packages join only when packing: npm ci cannot find what is not published', () => {
  expect(manifest.optionalDependencies).toBeUndefined();
  expect(manifest.napi.packageName).toBe('@fourseven/native');
});

test('the lock file names no registry and belongs to the manifest', () => {
  const entries: Record<string, { resolved?: string }> = lock.packages;
  expect(Object.keys(entries).filter((name) => entries[name]?.resolved)).toEqual([]);
  for (const field of ['version', 'dependencies', 'devDependencies', 'engines']) {
    expect(lock.packages[''][field]).toEqual(manifest[field]);
  }
});

// `npm run relock` sees to this; other ways to write the file leave some of it out.
test('the lock file holds optional and peer packages of every platform, as npm 10 and 11 ask', () => {
  interface Entry {
    optionalDependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  }
  const entries: Record<string, Entry> = lock.packages;
  const names = Object.keys(entries).map((path) => path.replace(/^.*node_modules\//, ''));
  const asked = Object.values(entries).flatMap(({ optionalDependencies, peerDependencies, peerDependenciesMeta }) => [
    ...Object.keys(optionalDependencies ?? {}),
    ...Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional),
  ]);
  expect(asked.length).toBeGreaterThan(50);
  expect(asked.filter((name) => !names.includes(name))).toEqual([]);
});

test('the version is one, in npm and in cargo', () => {
  expect(readFileSync(at('Cargo.toml'), 'utf8')).toContain(`version = "${manifest.version}"`);
});

test('no public type speaks of zod', () => {
  const declarations = reachable(at('dist', 'index.d.ts'));
  expect(declarations.size).toBeGreaterThan(1);
  expect([...declarations].filter((file) => /['"]zod['"]/.test(readFileSync(file, 'utf8')))).toEqual([]);
});

// The declarations that a user's compiler reads: this one, and all that it imports.
function reachable(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]*)\.js['"]/g);
  for (const [, path] of imports) reachable(join(dirname(file), `${path}.d.ts`), seen);
  return seen;
}
