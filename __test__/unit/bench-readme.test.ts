// What the README says about speed is what the committed results say, and nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BEGIN, END, readResults, readmePart, withPart } from '../../benches/peers/report.mjs';

const root = join(import.meta.dirname, '..', '..');

test('the README shows the newest result of each case', () => {
  // No README, no markers, no folder or no complete result: each of them throws.
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const fresh = withPart(readme, readmePart(readResults()));
  expect(readme, 'write it anew with: node benches/peers/report.mjs --readme').toBe(fresh);
});

/** A result of one case in which everything costs the same but ours. */
function result(date: string, names: string[], ours: number) {
  const samples = Object.fromEntries(
    ['fourseven', 'fourseven-again', 'floor'].map((name) => [
      name,
      { cpuNs: [(name === 'floor' ? 10 : ours) * 1000], units: [1] },
    ]),
  );
  const flat = { point: 1, low: 1, high: 1 };
  const found = {
    title: 'A title',
    unit: 'µs of CPU a request',
    again: flat,
    sound: true,
    ratios: { floor: { ...flat, target: 1.08, verdict: 'met' } },
    samples,
  };
  return {
    name: `${date}.json`,
    date,
    commit: '0123456789abcdef',
    dirty: false,
    versions: { kernel: '6', node: 'v20', haproxy: 'HAProxy version 2.6.12-1', nginx: 'nginx version: nginx/1.22.1' },
    machine: { cpu: 'A CPU', cpus: 2 },
    rounds: 16,
    cases: Object.fromEntries(names.map((name) => [name, found])),
  };
}

describe('readmePart', () => {
  test('takes each case from the newest result that has it', () => {
    const part = readmePart([result('2026-01-02', ['rr'], 12), result('2026-01-01', ['rr', 'bulk1'], 99)]);
    expect(part).toContain('| A title: µs of CPU a request | floor | 12.0 | 10.0 | 1.000 [1.000, 1.000] | ≤ 1.08 |');
    expect(part).not.toContain('99.0');
    for (const name of ['2026-01-02.json', '2026-01-01.json']) expect(part).toContain(`(benches/results/${name})`);
  });

  test('says where the figures come from', () => {
    const part = readmePart([result('2026-01-02', ['rr'], 12)]);
    for (const word of ['(2026-01-02, 16 rounds, commit 0123456789ab)', 'HAProxy 2.6.12', 'nginx 1.22.1', 'A CPU']) {
      expect(part).toContain(word);
    }
  });

  test('results of one machine and the same versions share a sentence', () => {
    const part = readmePart([result('2026-01-02', ['rr'], 12), result('2026-01-01', ['bulk1'], 12)]);
    expect(part.match(/Measured over loopback/g)).toHaveLength(1);
    const proxies = { kernel: '6', node: 'v20', 'http-proxy-3': '1.23.3', httpxy: '0.5.6' };
    const beside = { ...result('2026-01-01', ['httpnpm'], 12), versions: proxies };
    const both = readmePart([result('2026-01-02', ['http256'], 12), beside]);
    expect(both.match(/Measured over loopback/g)).toHaveLength(2);
    expect(both).toContain('Node.js v20, http-proxy-3 1.23.3, httpxy 0.5.6, one worker each.');
  });

  test('a case of HTTP stands behind those of layer 4, and its latency is what is added', () => {
    const http = result('2026-01-03', ['httplat1', 'http256'], 12);
    const latency = (added: number) => ({ cpuNs: [1000], units: [1], p50Us: [20 + added] });
    const samples = { fourseven: latency(8), 'fourseven-again': latency(8), nginx: latency(16), direct: latency(0) };
    const ratios = { nginx: { point: 0.5, low: 0.4, high: 0.6, target: 0.8, verdict: 'met' } };
    Object.assign(http.cases, { httplat1: { ...http.cases.httplat1, title: 'Latency', unit: 'µs', samples, ratios } });
    const part = readmePart([http, result('2026-01-02', ['rr'], 12)]);
    expect(part).toContain('| Latency: µs | nginx | 8.0 | 16.0 | 0.500 [0.400, 0.600] | ≤ 0.80 | met |');
    expect(part).not.toContain('direct');
    const titles = part.split('\n').filter((line) => /^\| [AL]/.test(line));
    expect(titles.map((line) => line.split(' | ')[0])).toEqual([
      '| A title: µs of CPU a request',
      '| A title: µs of CPU a request',
      '| Latency: µs',
    ]);
  });

  test('without results there is nothing to say', () => {
    expect(() => readmePart([])).toThrow('no complete result');
  });
});

describe('withPart', () => {
  test('replaces what stands between the markers, and only that', () => {
    const readme = `before\n${BEGIN}\nold\n${END}\nafter\n`;
    expect(withPart(readme, 'new')).toBe(`before\n${BEGIN}\n\nnew\n\n${END}\nafter\n`);
    expect(withPart(withPart(readme, 'new'), 'new')).toBe(withPart(readme, 'new'));
  });

  test.each([
    ['no markers', 'a README'],
    ['only the first', `a ${BEGIN} b`],
    ['the wrong order', `a ${END} b ${BEGIN} c`],
    ['one too often', `${BEGIN}${END}${BEGIN}${END}`],
  ])('refuses a README with %s', (_what, readme) => {
    expect(() => withPart(readme, 'new')).toThrow('once each and in this order');
  });
});
