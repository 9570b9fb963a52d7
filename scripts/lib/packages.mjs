// The packages of a release, as folders: the main one, and one for each platform.
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './children.mjs';
import { at } from './paths.mjs';
import { Refusal } from './refusal.mjs';
import { contents } from './tarball.mjs';

const licences = ['LICENSE-APACHE', 'LICENSE-MIT'];
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);

/** Lets the napi tool make the folders of all platforms under `stage`; answers their names. */
export async function platformPackages(stage) {
  cpSync(at('package.json'), join(stage, 'package.json'));
  const cli = at('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  const { ok, output } = await run(process.execPath, [cli, 'create-npm-dirs', '--cwd', stage]);
  if (!ok) throw new Refusal(`${output}the platform packages could not be made.`);
  return readdirSync(join(stage, 'npm')).map((name) => readJson(join(stage, 'npm', name, 'package.json')).name);
}

/** Puts the packed addon of this machine into the package of its platform. */
export function hostPackage(stage) {
  const [addon, platform] = readdirSync(at('native', 'packed'))
    .map((name) => /^fourseven\.(.+)\.node$/.exec(name))
    .find(Boolean);
  const folder = join(stage, 'npm', platform);
  cpSync(at('native', 'packed', addon), join(folder, addon));
  for (const name of licences) cpSync(at(name), join(folder, name));
  const manifest = readJson(join(folder, 'package.json'));
  writeJson(join(folder, 'package.json'), { ...manifest, files: [...manifest.files, ...licences] });
  return { folder, name: manifest.name };
}

/**
 * Copies what the main package publishes. Only here the platform packages become its optional
 * dependencies, in exactly its version: an `npm ci` of the work tree would look for them.
 */
export async function mainPackage(stage, platforms) {
  const folder = join(stage, 'main');
  for (const file of await contents(at())) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(at(file), join(folder, file));
  }
  const { scripts: _, devDependencies: __, napi: ___, ...manifest } = readJson(at('package.json'));
  const optionalDependencies = Object.fromEntries(platforms.map((name) => [name, manifest.version]));
  writeJson(join(folder, 'package.json'), { ...manifest, optionalDependencies });
  return folder;
}
