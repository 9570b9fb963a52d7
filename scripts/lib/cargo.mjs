// Runs cargo for the checks, and reads what it says about its tests.
import { stripVTControlCharacters } from 'node:util';
import { run } from './children.mjs';
import { hostTriple } from './toolchain.mjs';

/**
 * Runs a cargo command on the whole workspace. With the same profile and the target spelled out,
 * all of them and the addon share what is compiled.
 */
export function cargo(command, args, { profile = 'quick', env = {}, hear } = {}) {
  const locked = process.env.CI ? ['--locked'] : [];
  return run('cargo', [command, '--profile', profile, '--target', hostTriple(), ...locked, ...args], {
    env: { ...process.env, ...env },
    hear,
  });
}

/** Reads libtest's output: counts, the names that failed, the names that were ignored and why. */
export function countsOf(output) {
  const counts = { passed: 0, failed: 0, names: [], ignored: [] };
  let suite = '';
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const started = /^\s+(?:Running .*\(.*\/(.+)-[0-9a-f]{16}(?:\.exe)?\)|Doc-tests (.+))$/.exec(line);
    if (started) suite = started[1] ?? `${started[2]} (doc)`;
    const result = /^test result: .* (\d+) passed; (\d+) failed;/.exec(line);
    if (result) {
      counts.passed += Number(result[1]);
      counts.failed += Number(result[2]);
    }
    const test = /^test (.+?) \.\.\. (FAILED|ignored)(?:, (.+))?$/.exec(line);
    if (test?.[2] === 'FAILED') counts.names.push(`${suite} ${test[1]}`);
    if (test?.[2] === 'ignored') counts.ignored.push({ name: `${suite} ${test[1]}`, reason: test[3] });
  }
  return counts;
}
