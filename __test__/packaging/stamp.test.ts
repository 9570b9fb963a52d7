// What is stale is made again, and only that.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { filesUnder, hashOf } from '../../scripts/lib/stamp.mjs';
import { emptyFolder } from '../support/folder.js';

let folder: string;
const input = () => join(folder, 'input');
const output = () => join(folder, 'output');

beforeEach(() => {
  folder = emptyFolder('stamp');
  writeFileSync(input(), 'one');
});

// Remembers in a folder of its own, not in the one that the commands use.
async function build(words: string[] = []) {
  vi.doMock('../../scripts/lib/paths.mjs', () => ({ root: folder, memory: join(folder, 'memory') }));
  const { unlessFresh } = await import('../../scripts/lib/stamp.mjs');
  const recipe = { inputs: () => [input()], words, outputs: () => filesUnder(output()) };
  return unlessFresh('test', recipe, async () => {
    const content = readFileSync(input(), 'utf8');
    if (content === 'broken') throw new Error('does not build');
    writeFileSync(output(), `made of ${content}`);
  });
}

test('a result is made once', async () => {
  expect(await build()).toBe(true);
  expect(await build()).toBe(false);
});

test('another input, another tool and a result changed by hand make it stale', async () => {
  await build();
  writeFileSync(input(), 'two');
  expect(await build()).toBe(true);
  expect(await build(['another tool'])).toBe(true);
  writeFileSync(output(), 'changed');
  expect(await build(['another tool'])).toBe(true);
  rmSync(output());
  expect(await build(['another tool'])).toBe(true);
  expect(await build(['another tool'])).toBe(false);
});

test('what did not build is tried again', async () => {
  await build();
  writeFileSync(input(), 'broken');
  await expect(build()).rejects.toThrow('does not build');
  await expect(build()).rejects.toThrow('does not build');
  writeFileSync(input(), 'one');
  expect(await build()).toBe(true);
});

test('the hash knows names from content', () => {
  writeFileSync(join(folder, 'a'), 'bc');
  const before = hashOf(filesUnder(folder));
  rmSync(join(folder, 'a'));
  writeFileSync(join(folder, 'ab'), 'c');
  expect(hashOf(filesUnder(folder))).not.toBe(before);
});
