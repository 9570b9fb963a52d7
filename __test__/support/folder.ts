// A folder that is gone after the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder of its own, removed after the last test of the file. */
export function emptyFolder(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `fourseven-${what}-`));
  made.push(folder);
  return folder;
}
