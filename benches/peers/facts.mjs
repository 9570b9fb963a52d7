// What a result must say about where it was taken: the commit, the versions, the machine.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

import { parted } from './names.mjs';
import { proxyVersion } from './npm-proxies.mjs';
import { ROOT, program } from './programs.mjs';

/** How those say their version beside whom we are measured. */
const PEERS = {
  haproxy: () => first('haproxy', ['-v']),
  nginx: () => first('nginx', ['-v']),
  'http-proxy-3': () => proxyVersion('http-proxy-3'),
  httpxy: () => proxyVersion('httpxy'),
};

export function commit() {
  const head = first('git', ['rev-parse', 'HEAD']);
  // The results themselves do not make a tree dirty: they are written after what they measured.
  const changes = output('git', ['status', '--porcelain', '--', '.', ':!benches/results']);
  return { commit: head, dirty: changes === null || changes.trim() !== '' };
}

/** @param {string[]} peers that were measured */
export function versions(peers) {
  const products = new Set(peers.map((name) => parted(name).product));
  const said = Object.entries(PEERS).filter(([product]) => products.has(product));
  return {
    node: process.version,
    rustc: first('rustc', ['--version']),
    kernel: release(),
    ...Object.fromEntries(said.map(([product, say]) => [product, say()])),
  };
}

export function machine() {
  const all = cpus();
  return { cpu: all[0]?.model ?? null, cpus: all.length, memoryGiB: Math.round(totalmem() / 2 ** 30) };
}

export function load() {
  return loadavg().map((n) => Number(n.toFixed(2)));
}

/** The first line a program prints, or null where there is none. */
function first(name, args) {
  return output(name, args)?.trim().split('\n')[0] || null;
}

function output(name, args) {
  try {
    // nginx tells its version on stderr.
    return execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', located(name), ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

function located(name) {
  return name === 'haproxy' || name === 'nginx' ? program(name) : name;
}
