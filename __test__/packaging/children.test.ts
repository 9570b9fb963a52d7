// What a command started ends with it, whatever ends the command.
import { expect, test } from 'vitest';
import { startOf } from '../../scripts/lib/processes.mjs';
import { script } from '../support/script.js';

// A command whose tool has started something in turn, as npm, cargo and vitest do.
const command = () =>
  script(`
    import { run } from './scripts/lib/children.mjs';
    import { listen } from './scripts/lib/signals.mjs';
    listen();
    await run('sh', ['-c', 'sleep 60 & echo tool $$ $!; wait'], { show: true });
  `);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends the tools too, and the code is what shells expect', async (signal, code) => {
  const running = command();
  const [, tool, below] = await running.says(/tool (\d+) (\d+)/);
  running.process.kill(signal);
  expect(await running.ended).toEqual({ code, signal: null });
  await expect.poll(() => [tool, below].filter((pid) => startOf(Number(pid)))).toEqual([]);
});

test('a tool that ignores the signal is killed after a while', async () => {
  const running = script(`
    import { endChildren, run } from './scripts/lib/children.mjs';
    run('sh', ['-c', 'trap "" TERM; echo ready; sleep 60; sleep 60'], {
      hear: async () => { await endChildren(200); console.log('ended'); },
    });
  `);
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(running.output).toBe('ended\n');
});
