// Runs the tools, and leaves none of them behind.
import { spawn, spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { root } from './paths.mjs';

const onWindows = process.platform === 'win32';
const running = new Set();
// The tools see a pipe; whether what they say ends up in a terminal only we know.
const colours = process.stdout.isTTY
  ? { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' }
  : { CARGO_TERM_COLOR: 'never', NO_COLOR: '1' };

/**
 * Runs a tool to its end; a failure is an answer, not an exception.
 *
 * `show` passes the tool's output through while it runs; without it the output is only kept.
 * `hear` is called with each of its lines.
 */
export function run(command, args, { cwd = root, env = process.env, show = false, hear } = {}) {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...colours, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a signal reaches what the tool started as well (npm's shell,
      // cargo's compilers, vitest's workers). The terminal's Ctrl-C reaches only us; we pass it on.
      detached: !onWindows,
    });
    const kept = [];
    const take = (stream, to) => {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        kept.push(text);
        if (show) to.write(text);
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        if (hear) lines.forEach(hear);
      });
    };
    take(child.stdout, process.stdout);
    take(child.stderr, process.stderr);
    const end = (code, note = '') => {
      running.delete(child);
      const seconds = (performance.now() - began) / 1000;
      resolve({ ok: code === 0, code, output: kept.join('') + note, seconds });
    };
    child.on('spawn', () => running.add(child));
    child.on('error', (error) => end(127, `${command}: ${error.message}\n`));
    child.on('close', (code, signal) => end(code ?? 1, signal ? `ended by ${signal}\n` : ''));
  });
}

/**
 * Ends every tool that runs, and resolves when all have ended. Always by SIGTERM, whatever we got
 * ourselves: what a shell runs in the background ignores SIGINT.
 */
export async function endChildren(patience = 5000) {
  const ended = [...running].map((child) => new Promise((resolve) => child.on('close', resolve)));
  for (const child of running) tell(child, 'SIGTERM');
  const late = setTimeout(killChildren, patience);
  await Promise.all(ended);
  clearTimeout(late);
}

/** The last resort, and safe in an `exit` handler: it waits for nothing. */
export function killChildren() {
  for (const child of running) tell(child, 'SIGKILL');
}

function tell(child, signal) {
  if (onWindows) {
    spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended meanwhile.
  }
}
