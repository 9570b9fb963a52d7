// Makes the work tree ready to run: packages installed, addon and dist/ built, by one at a time.
import { join } from 'node:path';
import { buildAddon } from './addon.mjs';
import { buildDist } from './dist.mjs';
import { install } from './install.mjs';
import { withLock } from './lock.mjs';
import { memory } from './paths.mjs';

/** Runs `work` while no other command of this work tree installs or builds. */
export const alone = (what, work) => withLock(join(memory, 'build.lock'), what, work);

/** Installs the packages, then builds what is stale. `cargo` is the version found. */
export const makeReady = (what, cargo) =>
  alone(what, async () => {
    await install();
    await buildAddon('quick', cargo);
    await buildDist();
  });
