// What a signal does: by default it ends the tools and leaves; a command may answer it otherwise.
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { endChildren, killChildren } from './children.mjs';

let answer = leave;

/** From now on `next(signal)` answers SIGINT, SIGTERM and SIGHUP, instead of leaving at once. */
export function onSignal(next) {
  answer = next;
}

/** Ends the tools, then leaves with the code a shell expects of this signal. */
export async function leave(signal) {
  answer = () => process.exit(1);
  await endChildren();
  process.exit(128 + constants.signals[signal]);
}

/** Listens for signals, and for the end of the npm that runs this script. */
export function listen() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, once(signal));
  process.on('exit', killChildren);
  watchParent();
}

// One Ctrl-C arrives twice: from the terminal, and from the npm above us that passes its own on.
function once(signal) {
  let last = -Infinity;
  return () => {
    const before = last;
    last = performance.now();
    if (last - before > 500) answer(signal);
  };
}

// An npm that is killed cannot pass anything on, and would leave us holding ports.
function watchParent() {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    answer('SIGTERM');
  }, 500);
  watch.unref();
}
