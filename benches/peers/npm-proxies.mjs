// The proxies of npm: installed into benches/npm-proxies when they are to be measured, and only then.
//
// They have a manifest and a lock file of their own, so that whoever works on fourseven does not
// install them, and whoever installs fourseven never hears of them.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { holdsLocked, locked, npm } from '../../scripts/lib/install.mjs';
import { Refusal } from './processes.mjs';
import { ROOT } from './programs.mjs';

const FOLDER = join(ROOT, 'benches/npm-proxies');

export const PROXY = join(FOLDER, 'proxy.mjs');

/** Installs what the lock file names, unless it is there. */
export function requireProxies() {
  if (holdsLocked(FOLDER)) return;
  const [command, ...first] = npm();
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' });
  if (status === 0) return;
  throw new Refusal(`${stderr ?? ''}npm ci failed in ${FOLDER}, so the proxies of npm cannot be measured.`);
}

/** The version that is installed, or null. */
export function proxyVersion(name) {
  return locked(FOLDER, 'node_modules/.package-lock.json')?.packages[`node_modules/${name}`]?.version ?? null;
}
