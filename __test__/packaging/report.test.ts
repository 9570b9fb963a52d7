// What `npm test` says at its end, and what it answers to the shell.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { countsOf } from '../../scripts/lib/cargo.mjs';
import { report } from '../../scripts/lib/report.mjs';
import { runSteps } from '../../scripts/lib/steps.mjs';

let said: string[];

beforeEach(() => {
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void said.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const skips = (...names: string[]) => ({
  list: () => names.map((name) => ({ name, reason: 'no strace' })),
  allowed: () => new Set(['accepted']),
});

const passes = { name: 'passes', does: async () => ({ ok: true, output: '', passed: 7, failed: 0 }) };
const fails = {
  name: 'fails',
  does: async () => ({ ok: false, output: 'because', passed: 1, failed: 2, names: ['one', 'two'] }),
};

test('a step that fails does not stop the others, and is named again at the end', async () => {
  const code = report(await runSteps([fails, passes]), skips());
  expect(code).toBe(1);
  expect(said[0]).toBe('because');
  expect(said.join('\n')).toContain('failed:\n  fails\n    one\n    two');
  expect(said.at(-1)).toMatch(/^\n8 passed, 2 failed, 0 skipped in \d+ s$/);
});

test('a step is not run when what it needs has failed', async () => {
  const does = vi.fn();
  const results = await runSteps([fails, { name: 'later', needs: ['fails'], does }]);
  expect(does).not.toHaveBeenCalled();
  expect(results.at(-1)).toMatchObject({ ok: false, output: 'not run: fails failed' });
});

test('skips are listed by name; in CI one that nobody has accepted is a failure', async () => {
  const results = await runSteps([passes]);
  vi.stubEnv('CI', '');
  expect(report(results, skips('accepted', 'new'))).toBe(0);
  expect(said).toContain('  new: no strace');
  vi.stubEnv('CI', 'true');
  expect(report(results, skips('accepted'))).toBe(0);
  expect(report(results, skips('accepted', 'new'))).toBe(1);
  expect(said.at(-1)).toContain('7 passed, 1 failed, 2 skipped');
});

test('the counts and the names of libtest are read', () => {
  const output = `
     Running unittests src/lib.rs (target/quick/deps/plan-0123456789abcdef)
test a::passes ... ok
test a::fails ... FAILED
test a::waits ... ignored, long: a minute
test a::idle ... ignored
test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests plan
test crates/plan/src/lib.rs - add (line 5) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
`;
  expect(countsOf(output)).toEqual({
    passed: 2,
    failed: 1,
    names: ['plan a::fails'],
    ignored: [
      { name: 'plan a::waits', reason: 'long: a minute' },
      { name: 'plan a::idle', reason: undefined },
    ],
  });
});
