// `npm test`: everything. `npm test -- --only rust,types WORD…` narrows it; `--long` is the rest.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checks, groups } from './lib/checks.mjs';
import { install } from './lib/install.mjs';
import { memory } from './lib/paths.mjs';
import { alone } from './lib/ready.mjs';
import { Refusal, refusing } from './lib/refusal.mjs';
import { report } from './lib/report.mjs';
import { listen } from './lib/signals.mjs';
import { openSkips } from './lib/skips.mjs';
import { runSteps } from './lib/steps.mjs';
import { needCargo, needNode } from './lib/toolchain.mjs';

listen();
await refusing(async () => {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, long: { type: 'boolean', default: false } },
  });
  const only = chosen(values.only ?? (words.length > 0 ? 'vitest' : undefined));
  needNode();
  const cargo = needCargo();
  await alone('npm test', install);
  mkdirSync(memory, { recursive: true });
  const skips = openSkips();
  const steps = checks({ cargo, words, long: values.long, skips }).filter(({ of }) => of.some((group) => only.has(group)));
  if (steps.length === 0) throw new Refusal(`Nothing of ${values.only} is part of this; it is of npm ${values.long ? 'test' : 'run test:long'}.`);
  return report(await runSteps(steps), skips);
});

function chosen(only) {
  const asked = only?.split(',') ?? groups;
  const unknown = asked.find((group) => !groups.includes(group));
  if (unknown) throw new Refusal(`--only takes ${groups.join(', ')}, joined by commas, not "${unknown}".`);
  return new Set(asked);
}
