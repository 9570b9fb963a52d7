// Skips a test and says so: `npm test` lists the name and the reason at its end.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

/**
 * Ends this test as skipped. CI accepts it only when __test__/skips.txt names it.
 *
 * ```ts
 * test('a system call is counted', (context) => {
 *   if (!hasStrace) skip(context, 'strace is not installed');
 * ```
 */
export function skip(context: TestContext, reason: string): never {
  const list = process.env['FOURSEVEN_SKIPS'];
  if (list) appendFileSync(list, `${nameOf(context)}\t${reason}\n`);
  return context.skip(reason);
}

function nameOf({ task }: TestContext): string {
  const titles = [task.name];
  for (let suite = task.suite; suite; suite = suite.suite) titles.unshift(suite.name);
  const folder = fileURLToPath(new URL('..', import.meta.url));
  return [relative(folder, task.file.filepath), ...titles].join(' > ');
}
