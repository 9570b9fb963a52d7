// One at a time: a lock that is a file, and that the death of its holder opens.
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, self } from './processes.mjs';

const poll = 200;
const every = 10_000;

/** Runs `work` while holding the lock; waits, and says for whom, while another process holds it. */
export async function withLock(path, what, work, say = console.log) {
  await take(path, what, say);
  const open = () => release(path);
  process.once('exit', open);
  try {
    return await work();
  } finally {
    process.off('exit', open);
    open();
  }
}

async function take(path, what, say) {
  const began = Date.now();
  let nextWord = 0;
  while (!claim(path, what)) {
    const holder = read(path);
    if (holder && !isAlive(holder)) {
      await clear(path, say);
      continue;
    }
    const waited = Date.now() - began;
    if (holder && waited >= nextWord) {
      say(`waiting for process ${holder.pid} (${holder.what}) … ${Math.round(waited / 1000)} s`);
      nextWord = waited + every;
    }
    await sleep(poll);
  }
}

// The file appears under its name with its content in it, so no reader sees half of it.
function claim(path, what) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ ...self, what }));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

// `cargo clean` may have removed the file, and another process may hold a new one since.
function release(path) {
  const holder = read(path);
  if (holder?.pid === self.pid && holder.started === self.started) unlinkSync(path);
}

// Two waiters may find the same dead holder, and the slower one would remove the lock that the
// faster one has taken since. So removing is itself done by one at a time, who looks again; a
// crash right here is healed in the same way, one level down.
async function clear(path, say) {
  await withLock(`${path}.clearing`, 'clearing a stale lock', () => {
    const holder = read(path);
    if (holder && !isAlive(holder)) unlinkSync(path);
  }, say);
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
