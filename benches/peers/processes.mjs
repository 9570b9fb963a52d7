// Starting processes, hearing that they listen, and leaving none behind whatever happens.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { tree } from './cpu.mjs';
import { untilAccepts } from './ports.mjs';

/** Every process started here that has not ended yet. */
const alive = new Set();

/** How long a process may take to listen, and to end when asked to, in milliseconds. */
const START_MS = 15_000;
const STOP_MS = 3_000;

/** How much of what a process says on stderr is kept, for the case that it fails. */
const KEPT_STDERR = 4_000;

/**
 * Starts a process and waits until it listens.
 *
 * @param {string} name for messages
 * @param {string[]} command
 * @param {{ port?: number, env?: object, output?: string }} how a contender that does not print
 *   `listening PORT` itself is told its port, and tried until it accepts there; what it prints may go
 *   to the end of a file then
 * @returns {Promise<Started>} `said` has the printed lines before `listening`
 * @typedef {{ name: string, pid: number, port: number, said: string[], stop: () => Promise<void> }} Started
 */
export async function start(name, command, { port, env, output } = {}) {
  const child = launch(name, command, { env, output });
  const said = [];
  const announced = new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const [, heard] = /^listening (\d+)$/.exec(line) ?? [];
      if (heard === undefined) said.push(line);
      else resolve(Number(heard));
    });
  });
  const over = new AbortController();
  const ready = port === undefined ? announced : untilAccepts(port, over).then(() => port);
  // Whoever loses this race may still fail later, and nobody listens then.
  ready.catch(() => {});
  try {
    const late = sleep(START_MS, undefined, over).then(() => {
      throw new Refusal(`${name} did not listen within ${START_MS / 1000} s`);
    });
    late.catch(() => {});
    const listening = await Promise.race([ready, late, child.ended.then(child.explain)]);
    return { name, pid: child.pid, port: listening, said, stop: () => stop(child) };
  } finally {
    over.abort();
  }
}

/**
 * Starts a process and remembers it.
 *
 * @returns the child process, with `ended` (a promise) and `explain` (throws what it died of)
 */
export function launch(name, [file, ...args], { env, stdin = 'ignore', output } = {}) {
  const stdout = output === undefined ? 'pipe' : openSync(output, 'a');
  const child = spawn(file, args, {
    stdio: [stdin, stdout, 'pipe'],
    env: { ...process.env, ...env },
  });
  if (output !== undefined) closeSync(stdout);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  alive.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`));
  }).then((how) => {
    alive.delete(child);
    return how;
  });
  child.explain = (how) => {
    throw new Refusal(`${name} ended (${how})${stderr ? `:\n${stderr.trim()}` : ''}`);
  };
  return child;
}

/** Ends a process and its descendants, kindly first. */
export async function stop(child) {
  if (!alive.has(child) || child.pid === undefined) return;
  // strace holds signals back from itself while it traces: what it traces is what must end.
  const [top, traced] = tree(child.pid);
  signal(child.spawnfile.endsWith('strace') && traced ? traced : top, 'SIGTERM');
  const over = new AbortController();
  await Promise.race([child.ended, sleep(STOP_MS, undefined, over).catch(() => {})]);
  over.abort();
  if (alive.has(child)) kill(child);
  await child.ended;
}

export async function stopAll() {
  await Promise.all([...alive].map(stop));
}

/** At once, and by number: an nginx worker outlives a master that was killed alone. */
function kill(child) {
  for (const pid of tree(child.pid).toReversed()) signal(pid, 'SIGKILL');
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in the meantime.
  }
}

/**
 * Runs the whole of a script: its processes end with it, also on Ctrl-C, on a signal and on an
 * error, which is printed as one sentence when it is a `Refusal`.
 */
export async function script(main) {
  // The last resort, for an exit nobody planned; what is killed here, nobody reaps.
  process.once('exit', () => [...alive].forEach(kill));
  let interrupted = false;
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, async () => {
      interrupted = true;
      await stopAll();
      process.exit(128 + number);
    });
  }
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    // Once interrupted, everything fails, because everything is being stopped.
    if (interrupted) return;
    const isUsers = error instanceof Refusal || error.code?.startsWith('ERR_PARSE_ARGS');
    console.error(isUsers ? error.message : error);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

/** The harness does not go on, and its message says why: no stack would tell more. */
export class Refusal extends Error {}
