// Builds the native addon: cargo through the napi tool, into native/.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';
import { filesUnder, unlessFresh } from './stamp.mjs';

/** The addon of all days, the one that is measured, and the same one as it is packed. */
export const kinds = {
  quick: { folder: 'native', profile: 'quick', what: 'building the addon' },
  release: { folder: 'native/release', profile: 'release', what: 'building the release addon' },
  packed: { folder: 'native/packed', profile: 'release', what: 'building the addon to pack' },
};

/** Builds one kind of addon if it is stale; says whether it did. `cargo` is its version. */
export function buildAddon(kind, cargo) {
  const { folder, what } = kinds[kind];
  const env = kind === 'packed' ? { ...process.env, CARGO_ENCODED_RUSTFLAGS: withoutPaths() } : process.env;
  const recipe = {
    inputs: () => filesUnder(...['crates', 'Cargo.toml', 'Cargo.lock', '.cargo'].map((name) => at(name))),
    words: [cargo, process.platform, process.arch, process.env.RUSTFLAGS ?? '', kind === 'packed' ? withoutPaths() : '', napi(kind)],
    outputs: () => filesUnder(at(folder)).filter(isMadeBy(kind)),
  };
  return unlessFresh(`addon-${kind}`, recipe, async () => {
    const args = [...napi(kind), ...(process.env.CI ? ['--', '--locked'] : [])];
    const { ok, output } = await during(what, (hear) => run(process.execPath, args, { env, hear }));
    if (!ok) throw new Refusal(`${output}${what} failed.`);
  });
}

// The generated JavaScript and types are those of the quick addon; the release one is chosen with
// NAPI_RS_NATIVE_LIBRARY_PATH and only brings its library.
function napi(kind) {
  const { folder, profile } = kinds[kind];
  const cli = at('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  const args = [cli, 'build', ...(kind === 'packed' ? ['--target-dir', packedTarget()] : []), '--platform', '--manifest-path', 'crates/node/Cargo.toml'];
  args.push('--output-dir', folder, '--profile', profile, '--dts', 'binding.d.cts');
  args.push(...(kind === 'quick' ? ['--js', 'binding.cjs'] : ['--no-js']));
  return args;
}

// Compiled elsewhere, or the other two would be built anew each time after it.
const packedTarget = () => at('target', 'packed');

// What a panic says of its place must not tell how the machine is laid out that built it.
function withoutPaths() {
  const given = process.env.CARGO_ENCODED_RUSTFLAGS?.split('\x1f') ?? process.env.RUSTFLAGS?.split(' ') ?? [];
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const remap = [`${at()}=fourseven`, `${cargoHome}=cargo`].map((map) => `--remap-path-prefix=${map}`);
  return [...given.filter(Boolean), ...remap].join('\x1f');
}

// The other folders lie inside native/, and are not the quick addon's.
function isMadeBy(kind) {
  const others = [kinds.release, kinds.packed].map(({ folder }) => at(folder));
  return (file) => kind !== 'quick' || !others.some((folder) => file.startsWith(folder));
}
