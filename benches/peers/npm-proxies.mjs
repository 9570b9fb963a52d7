// The proxies of npm: installed into benches/npm-proxies when they are to be measured, and only then.
//
// They have a manifest and a lock file of their own, so that whoever works on fourseven does not
// install them, and whoever installs fourseven never hears of them.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { npm } from '../../scripts/lib/install.mjs';
import { Refusal } from './processes.mjs';
import { ROOT } from './programs.mjs';

const FOLDER = join(ROOT, 'benches/npm-proxies');

export const PROXY = join(FOLDER, 'proxy.mjs');

/** Installs what the lock file names, unless it is there. */
export function requireProxies() {
  if (isInstalled()) return;
  const [command, ...first] = npm();
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' });
  if (status === 0) return;
  throw new Refusal(`${stderr ?? ''}npm ci failed in ${FOLDER}, so the proxies of npm cannot be measured.`);
}

/** The version that is installed, or null. */
export function proxyVersion(name) {
  return locked('node_modules/.package-lock.json')?.packages[`node_modules/${name}`]?.version ?? null;
}

/** npm writes down at its end what it has installed. */
function isInstalled() {
  const [wanted, found] = ['package-lock.json', 'node_modules/.package-lock.json'].map(locked);
  const isThere = ([path, { version }]) => path === '' || found?.packages[path]?.version === version;
  return Object.entries(wanted.packages).every(isThere);
}

function locked(name) {
  try {
    return JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
  } catch {
    return undefined;
  }
}
