// Builds the native addon: cargo through the napi tool, into native/.
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';
import { filesUnder, unlessFresh } from './stamp.mjs';

/** The addon of all days, and the one that is measured and packed. */
export const kinds = {
  quick: { folder: 'native', what: 'building the addon' },
  release: { folder: 'native/release', what: 'building the release addon' },
};

/** Builds one kind of addon if it is stale; says whether it did. `cargo` is its version. */
export function buildAddon(profile, cargo) {
  const { folder, what } = kinds[profile];
  const recipe = {
    inputs: () => filesUnder(...['crates', 'Cargo.toml', 'Cargo.lock', '.cargo'].map((name) => at(name))),
    words: [cargo, process.platform, process.arch, process.env.RUSTFLAGS ?? '', napi(profile, folder)],
    outputs: () => filesUnder(at(folder)).filter(isMadeBy(profile)),
  };
  return unlessFresh(`addon-${profile}`, recipe, async () => {
    const args = [...napi(profile, folder), ...(process.env.CI ? ['--', '--locked'] : [])];
    const { ok, output } = await during(what, (hear) => run(process.execPath, args, { hear }));
    if (!ok) throw new Refusal(`${output}${what} failed.`);
  });
}

// The generated JavaScript and types are those of the quick addon; the release one is chosen with
// NAPI_RS_NATIVE_LIBRARY_PATH and only brings its library.
function napi(profile, folder) {
  const cli = at('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  const args = [cli, 'build', '--platform', '--manifest-path', 'crates/node/Cargo.toml'];
  args.push('--output-dir', folder, '--profile', profile, '--dts', 'binding.d.cts');
  args.push(...(profile === 'quick' ? ['--js', 'binding.cjs'] : ['--no-js']));
  return args;
}

// native/release/ lies inside native/, and is not the quick addon's.
function isMadeBy(profile) {
  const release = at('native', 'release');
  return (file) => profile === 'release' || !file.startsWith(release);
}
