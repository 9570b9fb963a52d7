// `npm start`: it serves, it stops when told to, and nothing of it stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { npm } from '../../scripts/lib/install.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { Script } from '../support/script.js';

const started: Script[] = [];

// Bounded in any case: a test run that is killed cannot stop it.
function start(args = ['--for', '40s'], env: NodeJS.ProcessEnv = {}): Script {
  const [command = '', ...first] = npm();
  const options = { cwd: at(), env: { ...process.env, ...env }, detached: true } as const;
  const script = new Script(spawn(command, [...first, 'start', '--', ...args], options));
  started.push(script);
  return script;
}

async function addresses(script: Script): Promise<string[]> {
  await script.says(/ failed\n/);
  return [...script.output.matchAll(/(?:tcp|http):\/\/\S+/g)].map(([address]) => address);
}

const answers = async (address: string): Promise<boolean> => {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

const answering = async (all: string[]) => {
  const each = await Promise.all(all.map(answers));
  return each.filter(Boolean).length;
};

afterEach(() => {
  for (const { pid, process } of started.splice(0)) if (process.exitCode === null && pid > 0) tryToKill(pid);
});

function tryToKill(pid: number) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended meanwhile.
  }
}

test('it stops by itself after --for, with thousands of requests and none failed', async () => {
  const script = start(['--for', '5s'], { NODE_ENV: 'production' });
  expect(await script.ended).toEqual({ code: 0, signal: null });
  const [, requests, failed] = await script.says(/(\d+) requests over \d+ connections, (\d+) failed/);
  expect(Number(failed)).toBe(0);
  expect(Number(requests)).toBeGreaterThan(1000);
});

test('it prints three endpoints and a balancer of both layers, and all of them answer', async () => {
  const script = start();
  const all = await addresses(script);
  expect(all).toHaveLength(5);
  expect(await answering(all)).toBe(5);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s to npm ends it with code 0 and frees its ports', async (signal) => {
  const script = start();
  const all = await addresses(script);
  // The terminal sends Ctrl-C to everyone in it; `kill` reaches npm alone.
  if (signal === 'SIGINT') process.kill(-script.pid, signal);
  else script.process.kill(signal);
  expect(await script.ended).toEqual({ code: 0, signal: null });
  expect(await answering(all)).toBe(0);
});

test('it does not outlive an npm that was killed', async () => {
  const script = start();
  const all = await addresses(script);
  script.process.kill('SIGKILL');
  await expect.poll(() => answering(all), { timeout: 10_000 }).toBe(0);
});

test('an option that makes no sense is refused in one sentence', async () => {
  const script = start(['--for', 'ever']);
  expect((await script.ended).code).toBe(1);
  expect(script.output).toContain('--for takes a length of time such as 500ms, 5s or 2m, not "ever".');
});
