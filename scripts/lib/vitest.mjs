// Runs vitest, and reads its own report for the counts and the names.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from './children.mjs';
import { at, memory } from './paths.mjs';

/** Runs the tests whose files match these words (all, without words) and shows its output. */
export async function vitest(words, { env, long }) {
  const file = join(memory, `vitest-${process.pid}.json`);
  rmSync(file, { force: true });
  const args = [at('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json'];
  const { ok, output } = await run(process.execPath, [...args, `--outputFile.json=${file}`, ...words], {
    // NODE_ENV as vitest would set it, whatever the environment says.
    env: { ...process.env, NODE_ENV: 'test', FOURSEVEN_TESTS: long ? 'long' : '', ...env },
    show: true,
  });
  if (!existsSync(file)) return { ok, output };
  const tests = testsIn(JSON.parse(readFileSync(file, 'utf8')));
  rmSync(file);
  const having = (...states) => tests.filter(({ status }) => states.includes(status));
  return {
    ok,
    output,
    passed: having('passed').length,
    // A file that does not load and an error between tests fail without a test that failed.
    failed: having('failed').length || (ok ? 0 : 1),
    names: having('failed').map(({ name }) => name),
    skipped: having('skipped', 'pending', 'todo').map(({ name }) => name),
  };
}

// The names are those that __test__/support/skip.ts records.
function testsIn({ testResults }) {
  return testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      name: [relative(at('__test__'), file), ...ancestorTitles, title].join(' > '),
      status,
    })),
  );
}
