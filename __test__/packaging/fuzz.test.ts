// What is said of a run of a fuzz target, and when it is none.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judge, targets, whyNot } from '../../scripts/lib/fuzz.mjs';

const run = (executions: number, covered: number) =>
  `#2\tINITED cov: 12 ft: 13 corp: 1/1b\n#9\tDONE   cov: ${covered} ft: 99\nstat::number_of_executed_units: ${executions}\n`;

test('a run says how much it tried and how much it covered', () => {
  expect(judge('head', { ok: true, output: run(100_000, 321) })).toEqual({
    target: 'head',
    ok: true,
    line: 'head: 100000 executions, 321 covered',
  });
});

test('a run that tried little, or covered nothing, fails', () => {
  for (const output of [run(99_999, 321), run(100_000, 0), '']) {
    const result = judge('head', { ok: true, output });
    expect(result.ok).toBe(false);
    expect(result.why).toContain('it has to be 100000 executions');
  }
});

test('a finding fails, and can be seen again', () => {
  const output = `#2\tcov: 5\nthread '<unnamed>' (7) panicked at src/head.rs:1:1:\nthey differ\nTest unit written to /found/crash-1\n`;
  const { ok, why } = judge('chunks', { ok: false, output });
  expect(ok).toBe(false);
  expect(why).toContain('they differ');
  expect(why).toContain('cargo run -p fourseven-fuzz --bin chunks -- /found/crash-1');
});

test('without a C++ compiler it says so', () => {
  expect(whyNot('linux', 'no-such-compiler')).toBe('libFuzzer is C++, and there is no C++ compiler');
  expect(whyNot('win32', 'c++')).toBe('libFuzzer is not built on Windows');
  expect(whyNot('linux', process.execPath)).toBeUndefined();
});

test('every target is run, and each has something to start from', () => {
  const root = new URL('../../crates/wire/fuzz/', import.meta.url);
  const binaries = readdirSync(new URL('src/bin', root)).map((file) => file.replace('.rs', ''));
  expect(new Set(binaries)).toEqual(new Set(targets));
  expect(new Set(readdirSync(new URL('seeds', root)))).toEqual(new Set(targets));
});
