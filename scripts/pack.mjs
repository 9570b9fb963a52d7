// `npm run pack -- FOLDER`: the two tarballs that this machine can give to a release.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAddon } from './lib/addon.mjs';
import { hostPackage, mainPackage, platformPackages } from './lib/packages.mjs';
import { pack } from './lib/tarball.mjs';
import { alone, makeReady } from './lib/ready.mjs';
import { Refusal, refusing } from './lib/refusal.mjs';
import { listen } from './lib/signals.mjs';
import { needCargo, needNode } from './lib/toolchain.mjs';

listen();
await refusing(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 1) throw new Refusal('Say where the tarballs go: npm run pack -- FOLDER');
  const folder = resolve(positionals[0]);
  needNode();
  const cargo = needCargo();
  await makeReady('npm run pack', cargo);
  await alone('npm run pack', () => buildAddon('packed', cargo));
  mkdirSync(folder, { recursive: true });

  // Packages are put together elsewhere: the work tree's package.json stays as it is committed.
  const stage = mkdtempSync(join(tmpdir(), 'fourseven-pack-'));
  try {
    const platforms = await platformPackages(stage);
    const host = hostPackage(stage);
    const main = await mainPackage(stage, platforms);
    for (const from of [main, host.folder]) console.log(`packed  ${join(folder, await pack(from, folder))}`);
    const others = platforms.filter((name) => name !== host.name);
    console.log(`\nA release of all platforms needs these as well, each packed on its own:`);
    for (const name of others) console.log(`  ${name}`);
  } finally {
    rmSync(stage, { recursive: true });
  }
  return 0;
});
