// A machine that cannot build is told so in one sentence, before anything is downloaded.
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needNode } from '../../scripts/lib/toolchain.mjs';
import { emptyFolder } from '../support/folder.js';
import { script } from '../support/script.js';

// A machine with Node, and a cargo that is the given shell script, if any.
function machine(cargo?: string): NodeJS.ProcessEnv {
  const home = emptyFolder('home');
  symlinkSync(process.execPath, join(home, 'node'));
  if (cargo) {
    writeFileSync(join(home, 'cargo'), `#!/bin/sh\n${cargo}\n`);
    chmodSync(join(home, 'cargo'), 0o755);
  }
  return { HOME: home, PATH: home };
}

describe.each(['start', 'test', 'build'])('npm run %s', (command) => {
  const refusal = async (cargo?: string) => {
    const refused = script(`await import('./scripts/${command}.mjs')`, machine(cargo));
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    return refused.output;
  };

  test('refuses a machine without cargo', async () => {
    expect(await refusal()).toMatch(/^fourseven needs cargo 1\.\d+ or later and found none: install .*\.\n$/);
  });

  test('refuses a cargo that is too old', async () => {
    const output = await refusal('echo "cargo 1.63.0 (fd9c4297c 2022-07-01)"');
    expect(output).toMatch(/^fourseven needs cargo 1\.\d+ or later and found 1\.63\.0: run .*\.\n$/);
  });

  test('refuses a cargo that does not run, with its reason', async () => {
    const output = await refusal('echo "error: no default toolchain" >&2; echo more >&2; exit 1');
    expect(output).toMatch(/^fourseven needs cargo .* does not run: error: no default toolchain\n$/);
  });
});

test.each(['20.19.0', '20.20.2', '22.12.0', '24.1.0'])('Node %s is enough', (version) => {
  expect(() => needNode(version)).not.toThrow();
});

test.each(['18.20.0', '20.18.3', '21.7.0', '22.11.0'])('Node %s is refused', (version) => {
  expect(() => needNode(version)).toThrow(`runs on ${version}.`);
});
