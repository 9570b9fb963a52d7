// Refuses a Node or a cargo that is missing or too old, before anything is downloaded or built.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { at } from './paths.mjs';
import { Refusal } from './refusal.mjs';

/** Throws unless this Node is one that package.json asks for. */
export function needNode(version = process.versions.node) {
  const { engines } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  if (satisfies(version, engines.node)) return;
  throw new Refusal(`fourseven needs Node.js ${engines.node} and runs on ${version}.`);
}

/** The version of the cargo in use; throws unless it is one that Cargo.toml asks for. */
export function needCargo() {
  const [, wanted] = /^rust-version = "(.+)"$/m.exec(readFileSync(at('Cargo.toml'), 'utf8'));
  const asks = `fourseven needs cargo ${wanted} or later`;
  findRustup();
  const { error, status, stdout, stderr } = spawnSync('cargo', ['--version'], { encoding: 'utf8' });
  if (error) throw new Refusal(`${asks} and found none: install Rust from https://rustup.rs.`);
  const version = /^cargo (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (status !== 0 || !version) {
    const [reason] = `${stderr || stdout}`.trim().split('\n');
    throw new Refusal(`${asks}, and the one in PATH does not run: ${reason || `code ${status}`}`);
  }
  if (compare(version, wanted) < 0) {
    throw new Refusal(`${asks} and found ${version}: run "rustup update", or see https://rustup.rs.`);
  }
  return stdout.trim();
}

/** The platform that cargo builds for when nobody says otherwise. */
export function hostTriple() {
  const { stdout } = spawnSync('rustc', ['-vV'], { encoding: 'utf8' });
  return /^host: (.+)$/m.exec(stdout)[1];
}

// rustup writes its folder into the profile of login shells only; CI and editors often have none.
function findRustup() {
  const home = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin');
  if (existsSync(home)) process.env.PATH += `${delimiter}${home}`;
}

// The little of semver that `engines` uses here: "^a.b.c" and ">=a.b.c", joined by "||".
function satisfies(version, range) {
  return range.split('||').some((part) => {
    const [, operator, least] = /^\s*(\^|>=)(\S+)\s*$/.exec(part);
    const sameMajor = Number.parseInt(version, 10) === Number.parseInt(least, 10);
    return compare(version, least) >= 0 && (operator === '>=' || sameMajor);
  });
}

function compare(one, other) {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
