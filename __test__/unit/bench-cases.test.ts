// What is measured, beside whom, and how much it may cost.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CASES, GROUPS } from '../../benches/peers/cases.mjs';
import { flags } from '../../benches/peers/flags.mjs';
import { PEERS, parted } from '../../benches/peers/names.mjs';
import { at } from '../../scripts/lib/paths.mjs';

interface Case {
  protocol: string;
  peers: string[];
  targets: Record<string, number>;
}

const cases: Record<string, Case> = CASES;
const peers: Record<string, string[]> = PEERS;

describe('the cases', () => {
  test.each([
    ['http256', { haproxy: 0.85, nginx: 0.85 }],
    ['http256log', { haproxy: 0.9, nginx: 0.9 }],
    ['http16k', { haproxy: 0.7, nginx: 0.7, 'haproxy-best': 0.85, 'nginx-best': 0.85 }],
    ['http64k', { haproxy: 0.7, nginx: 0.7, 'haproxy-best': 0.8, 'nginx-best': 0.8 }],
    ['http1m', { haproxy: 0.7, nginx: 0.7, 'haproxy-best': 0.95, 'nginx-best': 0.95 }],
    ['httplat1', { haproxy: 0.8, nginx: 0.8 }],
    ['httpnpm', { 'http-proxy-3': 0.1, httpxy: 0.1 }],
  ])('%s has the targets that were agreed', (name, targets) => {
    expect(cases[name]?.targets).toEqual(targets);
  });

  test.each(Object.entries(cases))('%s is measured beside everybody it has a target for', (_name, it) => {
    expect(it.peers).toEqual(expect.arrayContaining(Object.keys(it.targets)));
    expect(peers[it.protocol]).toEqual(expect.arrayContaining(it.peers));
  });

  test('a name says what a contender is and how it is tuned', () => {
    expect(parted('haproxy')).toEqual({ product: 'haproxy', tuning: 'shipped' });
    expect(parted('nginx-grid')).toEqual({ product: 'nginx', tuning: 'grid' });
    expect(parted('http-proxy-3')).toEqual({ product: 'http-proxy-3', tuning: 'shipped' });
    expect(parted('http-proxy-3-best')).toEqual({ product: 'http-proxy-3', tuning: 'best' });
  });
});

describe('the command line', () => {
  test('asks for all cases, a group of them or one', () => {
    expect(flags([]).cases).toEqual(Object.keys(CASES));
    expect(flags(['--case', 'tcp']).cases).toEqual(['rr', 'bulk1', 'bulk32']);
    expect(flags(['--case', 'http']).cases).toEqual(GROUPS.http);
    expect(flags(['--case', 'http1m']).cases).toEqual(['http1m']);
    expect(() => flags(['--case', 'constructor'])).toThrow('No case is called constructor');
  });

  test('leaves each case its own peers, or gives all of them those that are named', () => {
    expect(flags([]).peersOf?.('http256')).toEqual(['haproxy', 'nginx']);
    expect(flags(['--case', 'http', '--only', 'floor,httpxy']).peersOf?.('http256')).toEqual(['floor', 'httpxy']);
  });

  test('names peers that speak the protocol of the case', () => {
    expect(() => flags(['--case', 'all', '--only', 'httpxy'])).toThrow('With tcp no peer is called httpxy');
    expect(() => flags(['--case', 'http', '--only', 'apache'])).toThrow('With http no peer is called apache');
  });
});

describe('the proxies of npm', () => {
  const read = (name: string) => JSON.parse(readFileSync(at('benches', 'npm-proxies', name), 'utf8'));
  const lock = read('package-lock.json');

  test('are of one version, which the lock file holds without naming a registry', () => {
    const { dependencies } = read('package.json');
    expect(Object.keys(dependencies).toSorted()).toEqual(Object.keys(CASES.httpnpm.targets).toSorted());
    for (const [name, version] of Object.entries(dependencies)) {
      expect(lock.packages[`node_modules/${name}`]).toMatchObject({ version });
    }
    expect(JSON.stringify(lock)).not.toContain('"resolved"');
  });

  test('are nothing that the package or its development needs', () => {
    const root = readFileSync(at('package-lock.json'), 'utf8');
    for (const name of Object.keys(CASES.httpnpm.targets)) expect(root).not.toContain(`node_modules/${name}"`);
  });
});
