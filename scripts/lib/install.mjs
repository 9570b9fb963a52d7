// Installs the npm packages when the lock file is not the one they were installed from.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';
import { hashOf } from './stamp.mjs';

/**
 * Runs `npm ci` unless it has been run for this lock file on this platform, or somebody has run
 * `npm install`: npm then leaves entries out of the lock file without which `npm ci` refuses it.
 */
export async function install() {
  const inputs = ['package-lock.json', '.npmrc'].map((name) => at(name));
  const wanted = hashOf(inputs, [process.platform, process.arch]);
  // Lives in what it describes, so that it disappears together with it.
  const mark = at('node_modules', '.fourseven-installed');
  if (isInstalled(mark, wanted)) return;
  rmSync(mark, { force: true });
  if (holdsLocked(at('.'))) {
    writeFileSync(mark, wanted);
    return;
  }
  const [command, ...first] = npm();
  // Without `--include=dev` an environment with NODE_ENV=production gets no tools.
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'];
  const { ok, output } = await during('installing packages (npm ci)', () => run(command, args));
  if (!ok) throw new Refusal(`${output}npm ci failed: the packages are not installed.`);
  writeFileSync(mark, wanted);
}

function isInstalled(mark, wanted) {
  try {
    return readFileSync(mark, 'utf8') === wanted;
  } catch {
    return false;
  }
}

/** Whether a folder holds every package that its lock file names and no platform goes without. */
export function holdsLocked(folder) {
  const [wanted, found] = ['package-lock.json', 'node_modules/.package-lock.json'].map((name) => locked(folder, name));
  if (wanted === undefined || found === undefined) return false;
  const isThere = ([path, { version, optional }]) =>
    path === '' || optional === true || found.packages[path]?.version === version;
  return Object.entries(wanted.packages).every(isThere);
}

/** A lock file; npm writes the one within `node_modules` at its end. */
export function locked(folder, name) {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8'));
  } catch {
    return undefined;
  }
}

/** How to run the npm that runs us, or else the one in PATH. */
export function npm() {
  const ours = process.env.npm_execpath;
  if (ours?.endsWith('npm-cli.js')) return [process.execPath, ours];
  return process.platform === 'win32' ? ['cmd', '/c', 'npm'] : ['npm'];
}
