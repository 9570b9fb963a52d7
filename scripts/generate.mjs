// `npm run generate`: writes the files that are generated and committed.
import { writeFileSync } from 'node:fs';
import { run } from './lib/children.mjs';
import { conformancePage } from './lib/conformance-page.mjs';
import { defaultsPage } from './lib/defaults-page.mjs';
import { buildDist } from './lib/dist.mjs';
import { install } from './lib/install.mjs';
import { at } from './lib/paths.mjs';
import { during } from './lib/progress.mjs';
import { alone } from './lib/ready.mjs';
import { Refusal, refusing } from './lib/refusal.mjs';
import { listen } from './lib/signals.mjs';
import { needCargo, needNode } from './lib/toolchain.mjs';

listen();
await refusing(async () => {
  needNode();
  needCargo();
  await planTypes();
  await alone('npm run generate', async () => {
    await install();
    await buildDist();
  });
  const { DEFAULTS } = await import('../dist/config/defaults.js');
  writeFileSync(at('docs', 'defaults.md'), defaultsPage(DEFAULTS));
  writeFileSync(at('docs', 'http-conformance.md'), conformancePage());
  return 0;
});

async function planTypes() {
  const example = ['run', '-p', 'fourseven-plan', '--features', 'types', '--example', 'types'];
  const args = [...example, '--', at('ts', 'plan', 'types.ts')];
  const { ok, output } = await during('writing ts/plan/types.ts', (hear) => run('cargo', args, { hear }));
  if (!ok) throw new Refusal(output);
}
