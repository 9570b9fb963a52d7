// What `npm test` checks, in order: the fast and the telling first.
import { existsSync } from 'node:fs';
import { buildAddon } from './addon.mjs';
import { cargo as runCargo, countsOf } from './cargo.mjs';
import { run } from './children.mjs';
import { buildDist, tsc } from './dist.mjs';
import { fuzz } from './fuzz.mjs';
import { at } from './paths.mjs';
import { alone } from './ready.mjs';
import { hashOf } from './stamp.mjs';
import { vitest } from './vitest.mjs';

/** What `--only` takes. */
export const groups = ['lint', 'types', 'rust', 'counts', 'fuzz', 'vitest'];

/** The steps (see steps.mjs), each with the groups it is part of. */
export function checks({ cargo, words, long, skips }) {
  const env = { FOURSEVEN_SKIPS: skips.path };
  const steps = [
    { name: 'rustfmt', of: ['lint', 'rust'], does: rustfmt },
    { name: 'oxlint', of: ['lint'], does: oxlint },
    { name: 'dist (tsc)', of: ['types', 'vitest'], does: () => building(buildDist) },
    { name: 'types (tsc --noEmit)', of: ['types'], does: types },
    { name: 'clippy', of: ['lint', 'rust'], does: clippy },
    { name: 'cargo test', of: ['rust'], does: (hear) => cargoTest(long ? sockets : rooms, { words, long, env, skips, hear }) },
    // The whole socket suite once more, with what every system has.
    {
      name: 'cargo test (portable)',
      of: ['rust'],
      does: (hear) => cargoTest(sockets, { words, long, env: { ...env, FOURSEVEN_PORTABLE: '1' }, skips, hear }),
    },
    // Allocations, memory and system calls, of what is packed and measured.
    {
      name: 'counted (release)',
      of: ['counts'],
      does: (hear) => cargoTest(counted, { words: [], long, env, skips, hear, profile: 'release' }),
    },
    { name: 'fuzz (a minute each)', of: ['fuzz'], does: (hear) => fuzz(words, { skips, hear }) },
    { name: 'addon (napi build)', of: ['vitest'], does: () => addon(cargo) },
    {
      name: 'vitest',
      of: ['vitest'],
      needs: ['dist (tsc)', 'addon (napi build)'],
      shows: true,
      does: () => typescript({ words, long, env, skips }),
    },
  ];
  return steps.filter(({ name }) => !(long ? isQuick : isLong).has(name));
}

// What `npm test` has told already is not asked again by `npm run test:long`.
const isQuick = new Set(['rustfmt', 'oxlint', 'types (tsc --noEmit)', 'clippy']);
const isLong = new Set(['fuzz (a minute each)']);

const rustfmt = (hear) => run('cargo', ['fmt', '--all', '--check'], { hear });

const oxlint = (hear) =>
  run(process.execPath, [at('node_modules', 'oxlint', 'bin', 'oxlint'), '--deny-warnings'], { hear });

const types = (hear) => tsc(['--noEmit', '-p', 'tsconfig.test.json'], { hear });

const clippy = (hear) =>
  runCargo('clippy', ['--workspace', '--all-targets', ...inject, '--', '-D', 'warnings'], { hear });

// Panics are injected only here: the addon is built without.
const sockets = ['-p', 'fourseven-engine', '--features', 'inject'];
const inject = ['--features', 'fourseven-engine/inject'];
const rooms = ['--workspace', '--exclude', 'fourseven-node', '--exclude', 'fourseven-driver', ...inject];
const counted = ['-p', 'fourseven-driver'];

async function cargoTest(packages, { words, long, env, skips, hear, profile }) {
  const args = [...packages, '--no-fail-fast', ...words];
  const result = await runCargo('test', args, { env: { ...env, ...(long && { FOURSEVEN_LONG: '1' }) }, hear, profile });
  const { ignored, ...counts } = countsOf(result.output);
  for (const { name, reason } of ignored) skips.add(name, reason ?? 'ignored');
  // What does not compile fails without a test that failed.
  return { ...result, ...counts, failed: counts.failed || (result.ok ? 0 : 1) };
}

async function building(build) {
  await alone('npm test', build);
  return { ok: true, output: '' };
}

// In CI the generated files that are committed must be what the build generates; elsewhere the
// change simply shows in `git status`.
async function addon(cargo) {
  const before = generated();
  await alone('npm test', () => buildAddon('quick', cargo));
  if (before === generated()) return { ok: true, output: '' };
  if (process.env.CI) {
    return { ok: false, output: `${bindings.join(' or ')} is not what the build generates: commit the new ones.` };
  }
  return building(buildDist);
}

const bindings = ['native/binding.cjs', 'native/binding.d.cts'];

const generated = () => hashOf(bindings.map((name) => at(name)).filter((path) => existsSync(path)));

async function typescript({ words, long, env, skips }) {
  const { skipped = [], ...result } = await vitest(words, { long, env });
  for (const name of skipped) skips.add(name, 'no reason given');
  return result;
}
