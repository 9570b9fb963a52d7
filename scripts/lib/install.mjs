// Installs the npm packages when the lock file is not the one they were installed from.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';
import { hashOf } from './stamp.mjs';

/** Runs `npm ci` unless it has been run for this lock file on this platform. */
export async function install() {
  const inputs = ['package-lock.json', '.npmrc'].map((name) => at(name));
  const wanted = hashOf(inputs, [process.platform, process.arch]);
  // Lives in what it describes, so that it disappears together with it.
  const mark = at('node_modules', '.fourseven-installed');
  if (isInstalled(mark, wanted)) return;
  rmSync(mark, { force: true });
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

/** How to run the npm that runs us, or else the one in PATH. */
export function npm() {
  const ours = process.env.npm_execpath;
  if (ours?.endsWith('npm-cli.js')) return [process.execPath, ours];
  return process.platform === 'win32' ? ['cmd', '/c', 'npm'] : ['npm'];
}
