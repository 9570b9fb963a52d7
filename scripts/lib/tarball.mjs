// What npm puts into a tarball, and the tarball.
import { run } from './children.mjs';
import { npm } from './install.mjs';
import { Refusal } from './refusal.mjs';

/**
 * The files that npm would publish from a folder, in order.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
export async function contents(folder) {
  const { files } = await npmPack(folder, ['--dry-run']);
  return files.map(({ path }) => path).toSorted();
}

/** Packs a folder into another one; answers the name of the tarball. */
export async function pack(folder, destination) {
  const { filename } = await npmPack(folder, ['--pack-destination', destination]);
  return filename;
}

async function npmPack(cwd, args) {
  const [command, ...first] = npm();
  const all = [...first, 'pack', '--json', '--silent', '--ignore-scripts', ...args];
  const { ok, output } = await run(command, all, { cwd });
  if (!ok) throw new Refusal(`${output}npm pack failed.`);
  // Warnings may come before.
  return JSON.parse(output.slice(output.indexOf('[\n')))[0];
}
