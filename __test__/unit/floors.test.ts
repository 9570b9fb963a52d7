// The house stands: rooms import only from floors below. And the checker of that can fail.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  brokenDependencies,
  brokenImports,
  COMPUTED,
  dependenciesOf,
  type Files,
  importsOf,
} from '../support/floors.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const rooms = {
  plan: 1,
  'errors.ts': 1,
  'keep-alive.ts': 1,
  config: 2,
  rules: 2,
  algorithms: 2,
  'native.ts': 2,
  compile: 3,
  'counters.ts': 3,
  discovery: 3,
  'balancer.ts': 4,
  cli: 5,
  admin: 5,
  'index.ts': 5,
};

const crates = {
  plan: 1,
  wire: 1,
  account: 1,
  world: 2,
  decide: 3,
  net: 3,
  xdp: 3,
  proxy: 4,
  engine: 5,
  node: 6,
};

// They test and fuzz in seconds because they need neither.
const pure = ['tokio', 'napi', 'napi-derive'];
const without = { plan: pure, wire: pure, account: pure, world: pure, decide: pure };

const sources: Files = Object.fromEntries(
  readdirSync(join(root, 'ts'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, 'ts', file), 'utf8')]),
);

const manifests: Files = Object.fromEntries(
  readdirSync(join(root, 'crates')).map((crate) => [
    crate,
    readFileSync(join(root, 'crates', crate, 'Cargo.toml'), 'utf8'),
  ]),
);

const users = (name: RegExp) =>
  Object.keys(sources).filter((file) => importsOf(sources[file] ?? '').some((to) => name.test(to)));

describe('this house', () => {
  test('is not empty', () => {
    expect(Object.keys(sources)).toContain('balancer.ts');
    expect(Object.keys(manifests)).toContain('plan');
  });

  test('has its TypeScript in order; only one file loads the addon, and nothing else leaves ts/', () => {
    expect(new Set(brokenImports(sources, rooms))).toEqual(
      new Set(['native.ts leaves ts/ for ../native/binding.cjs', 'native.ts leaves ts/ for ../package.json']),
    );
  });

  test('has its Rust in order', () => {
    expect(brokenDependencies(manifests, crates, without)).toEqual([]);
  });

  test('needs one package, zod, and that in ts/config', () => {
    expect(users(/^zod/).filter((file) => !file.startsWith('config/'))).toEqual([]);
    expect(users(/^(?!\.|node:|zod$)/)).toEqual([]);
  });

  test('has one barrel: nothing imports the face', () => {
    const importers = Object.entries(sources).filter(([, text]) =>
      importsOf(text).some((to) => to.endsWith('/index.js')),
    );
    expect(importers).toEqual([]);
  });
});

describe('the checker finds', () => {
  const floors = { low: 1, left: 2, right: 2, 'high.ts': 3 };

  test.each([
    ['an import from above', { 'low/a.ts': `import { x } from '../high.js';`, 'high.ts': '' }],
    ['a type from above', { 'low/a.ts': `import type { X } from '../high.js';`, 'high.ts': '' }],
    ['an inline type from above', { 'low/a.ts': `import { type X } from "../high.js";`, 'high.ts': '' }],
    ['a re-export from above', { 'low/a.ts': `export { x } from '../high.js';`, 'high.ts': '' }],
    ['a re-exported type from above', { 'low/a.ts': `export type { X } from '../high.js';`, 'high.ts': '' }],
    ['a re-export of everything', { 'low/a.ts': `export * as all from '../high.js';`, 'high.ts': '' }],
    ['an import for its effect', { 'low/a.ts': `import '../high.js';`, 'high.ts': '' }],
    ['a dynamic import', { 'low/a.ts': `const x = await import('../high.js');`, 'high.ts': '' }],
    ['the type of an import', { 'low/a.ts': `type X = import('../high.js').X;`, 'high.ts': '' }],
    ['a require', { 'low/a.ts': `import x = require('../high.js');`, 'high.ts': '' }],
    [
      'an import over several lines',
      { 'low/a.ts': `import {\n  x,\n} from\n  '../high.js';`, 'high.ts': '' },
    ],
    [
      'a neighbour of the same floor',
      { 'left/a.ts': `import { x } from '../right/b.js';`, 'right/b.ts': '' },
    ],
    ['a way out of the house', { 'low/a.ts': `import { x } from '../../crates/x.js';` }],
    ['a room without a floor', { 'attic/a.ts': '' }],
    ['a circle in a room', { 'low/a.ts': `import './b.js';`, 'low/b.ts': `import './a.js';` }],
    ['an import that is computed', { 'low/a.ts': `await import(name);` }],
  ])('%s', (_, files) => {
    expect(brokenImports(files as unknown as Files, floors)).toHaveLength(1);
  });

  test('nothing in what is allowed, or only looks like an import', () => {
    const files = {
      'low/a.ts': [
        `import { readFile } from 'node:fs';`,
        `// import { x } from '../high.js';`,
        `/** import { x } from '../high.js'; */`,
        `const text = "import { x } from '../high.js';";`,
        'const more = `import { x } from "../high.js"; ${"a"}`;',
        `const url = import.meta.url;`,
        `export const from = 'here';`,
      ].join('\n'),
      'low/b.ts': `import './a.js';`,
      'left/a.ts': `import { x } from '../low/a.js';`,
      'high.ts': `export { x } from './left/a.js'; import { y } from './low/b.js';`,
    };
    expect(brokenImports(files, floors)).toEqual([]);
  });

  test('every way to import', () => {
    const text = `import a from './1'; import type { B } from './2'; export * from './3'; await import('./4'); import(x); require("./5")`;
    expect(importsOf(text)).toEqual(['./1', './2', './3', './4', COMPUTED, './5']);
  });

  test.each([
    ['a dependency from above', '[dependencies]\nfourseven-net = { path = "../net" }'],
    ['a neighbour of the same floor', '[dependencies]\nfourseven-peer.workspace = true'],
    ['one behind an alias', '[dependencies]\nnet = { package = "fourseven-net", path = "../net" }'],
    ['one with a section of its own', '[dependencies.fourseven-net]\npath = "../net"'],
    ['one behind an alias with a section of its own', '[dependencies.net]\npackage = "fourseven-net"'],
    [
      'one for a target',
      `[target.'cfg(target_os = "linux")'.dependencies]\nfourseven-net = { path = "../net" }`,
    ],
    ['one of the build', '[build-dependencies]\nfourseven-net = { path = "../net" }'],
    ['one of the tests', '[dev-dependencies]\nfourseven-net = { path = "../net" }'],
    ['one without a floor', '[dependencies]\nfourseven-attic = { path = "../attic" }'],
    ['what the crate may not need', '[dependencies]\ntokio = { workspace = true }'],
  ])('%s', (_, manifest) => {
    const floors = { world: 2, peer: 2, net: 3 };
    expect(brokenDependencies({ world: manifest }, floors, { world: ['tokio'] })).toHaveLength(1);
  });

  test('a crate without a floor', () => {
    expect(brokenDependencies({ attic: '' }, { world: 2 }, {})).toHaveLength(1);
  });

  test('nothing in a crate that is in order', () => {
    const manifest = [
      '[package]',
      'name = "fourseven-world"',
      '[features]',
      'fourseven-net = []',
      '[dependencies]',
      'fourseven-plan = { path = "../plan" }',
      'serde = { workspace = true }',
      '[dev-dependencies]',
      'fourseven-world = { path = ".", features = ["x"] }',
      '[lints]',
      'workspace = true',
    ].join('\n');
    expect(dependenciesOf(manifest)).toEqual(['fourseven-plan', 'serde', 'fourseven-world']);
    expect(
      brokenDependencies({ world: manifest }, { world: 2, plan: 1, net: 3 }, { world: ['tokio'] }),
    ).toEqual([]);
  });
});
