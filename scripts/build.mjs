// `npm run build`: the addon and dist/. `--release-addon` builds the addon that is measured too.
import { parseArgs } from 'node:util';
import { buildAddon } from './lib/addon.mjs';
import { alone, makeReady } from './lib/ready.mjs';
import { refusing } from './lib/refusal.mjs';
import { listen } from './lib/signals.mjs';
import { needCargo, needNode } from './lib/toolchain.mjs';

listen();
await refusing(async () => {
  const { values } = parseArgs({ options: { 'release-addon': { type: 'boolean' } } });
  needNode();
  const cargo = needCargo();
  await makeReady('npm run build', cargo);
  if (values['release-addon']) {
    await alone('npm run build:release', () => buildAddon('release', cargo));
  }
  return 0;
});
