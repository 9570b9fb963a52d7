// The CPU time of a process and everything below it, in nanoseconds, out of /proc.
//
// schedstat counts exactly and for each thread; utime and stime of /proc/PID/stat have ticks of
// 10 ms. But a thread or a process that ends takes its schedstat with it: what it used since the
// last look is lost. No contender ends threads while it relays, so a slice in which one did is no
// measurement: `spent` counts them and the caller gives the run up.

import { readFileSync, readdirSync } from 'node:fs';

/**
 * The process and all its descendants.
 *
 * @param {number} root
 * @returns {number[]} parents before their children
 */
export function tree(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // The name in parentheses may hold anything, so what follows counts from the last one.
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/**
 * Nanoseconds on a CPU so far, by thread.
 *
 * @param {number} root
 * @returns {Map<string, number>}
 */
export function look(root) {
  const seen = new Map();
  for (const pid of tree(root)) {
    for (const tid of list(`/proc/${pid}/task`)) {
      const line = read(`/proc/${pid}/task/${tid}/schedstat`);
      if (line !== undefined) seen.set(`${pid}/${tid}`, Number(line.split(' ')[0]));
    }
  }
  return seen;
}

/**
 * What a tree used between two looks.
 *
 * @returns {{ ns: number, ended: number }} `ended`: threads of the first look that the second lacks
 */
export function spent(before, after) {
  let ns = 0;
  for (const [thread, now] of after) ns += now - (before.get(thread) ?? 0);
  const ended = [...before.keys()].filter((thread) => !after.has(thread)).length;
  return { ns, ended };
}

/** A file of /proc, or undefined when what it tells of is gone. */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
