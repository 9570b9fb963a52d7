// One build at a time, and no dead process keeps the others waiting.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { withLock } from '../../scripts/lib/lock.mjs';
import { isAlive, self } from '../../scripts/lib/processes.mjs';
import { emptyFolder } from '../support/folder.js';
import { script } from '../support/script.js';

let path: string;

beforeEach(() => {
  path = join(emptyFolder('lock'), 'build.lock');
});

// A process that takes the lock, says so, and holds it for so many milliseconds.
const holder = (milliseconds: number, what = 'a build') =>
  script(`
    import { withLock } from './scripts/lib/lock.mjs';
    await withLock(${JSON.stringify(path)}, ${JSON.stringify(what)}, async () => {
      console.log('begins');
      await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
      console.log('ends');
    });
  `);

test('of two builds the second waits, and says for whom', async () => {
  const first = holder(600, 'the first build');
  await first.says(/begins/);
  const second = holder(0);
  await second.says(/waiting/);
  expect(second.output).toContain(`waiting for process ${first.pid} (the first build)`);
  expect(second.output).not.toContain('begins');
  await Promise.all([first.ended, second.ended]);
  expect(second.output).toContain('begins\nends');
});

test('the lock of a process that was killed is taken', async () => {
  const first = holder(60_000);
  await first.says(/begins/);
  first.process.kill('SIGKILL');
  await first.ended;
  const second = holder(0);
  expect(await second.ended).toEqual({ code: 0, signal: null });
  expect(second.output).toBe('begins\nends\n');
});

test('a lock whose number belongs to another process by now is taken', async () => {
  writeFileSync(path, JSON.stringify({ ...self, started: 'before the last boot', what: 'a build' }));
  await withLock(path, 'this test', () => {
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(self);
  });
});

test('a crash while a stale lock was being cleared is healed as well', async () => {
  const stale = JSON.stringify({ pid: 4_194_305, started: 'never', what: 'a build' });
  writeFileSync(path, stale);
  writeFileSync(`${path}.clearing`, stale);
  expect(await withLock(path, 'this test', () => 'done')).toBe('done');
});

test('many that find the same stale lock still go one by one', async () => {
  writeFileSync(path, JSON.stringify({ pid: 4_194_305, started: 'never', what: 'a build' }));
  const log = `${path}.log`;
  writeFileSync(log, '');
  const lines = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from './scripts/lib/lock.mjs';
    await withLock(${JSON.stringify(path)}, 'one of many', async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ');
      await new Promise((resolve) => setTimeout(resolve, 30));
      appendFileSync(${JSON.stringify(log)}, 'out ');
    }, () => {});
  `;
  const many = Array.from({ length: 8 }, () => script(lines));
  await Promise.all(many.map(({ ended }) => ended));
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(8));
});

test('nothing is left behind, neither after success nor after failure', async () => {
  await withLock(path, 'this test', () => {});
  const failing = withLock(path, 'this test', () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('a process is known by its start, not by its number alone', () => {
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ pid: self.pid, started: 'another time' })).toBe(false);
  expect(isAlive({ pid: 4_194_305, started: self.started })).toBe(false);
});
