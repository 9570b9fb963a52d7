// `npm start`: builds what is stale, then runs the demo until Ctrl-C, or `--for 5s`.
import { duration } from './lib/duration.mjs';
import { makeReady } from './lib/ready.mjs';
import { refusing } from './lib/refusal.mjs';
import { listen } from './lib/signals.mjs';
import { needCargo, needNode } from './lib/toolchain.mjs';
import { parseArgs } from 'node:util';

listen();
await refusing(async () => {
  const { values } = parseArgs({ options: { for: { type: 'string' } } });
  const length = values.for === undefined ? Infinity : duration('--for', values.for);
  needNode();
  await makeReady('npm start', needCargo());
  // Only now: the demo runs on what has just been built.
  const { demo } = await import('./demo.mjs');
  return demo(length);
});
