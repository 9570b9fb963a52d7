// Tells whether a process that wrote its name into a file is still the one that wrote it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** This process, as a later one can find it again. */
export const self = { pid: process.pid, started: startOf(process.pid) };

/** True while that very process runs: its number alone may long belong to another. */
export function isAlive({ pid, started }) {
  const now = startOf(pid);
  return now !== undefined && now === started;
}

/** When a process started, in whatever words the system has for it; undefined when it has ended. */
export function startOf(pid) {
  if (process.platform === 'linux') return linuxStart(pid);
  if (process.platform === 'win32') return exists(pid) ? 'unknown' : undefined;
  // In the same words whatever language the one who asks has set.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env });
  return stdout?.trim() || undefined;
}

function linuxStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in brackets and may hold anything, brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    // Ticks since boot: two boots can give the same number to two processes.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
