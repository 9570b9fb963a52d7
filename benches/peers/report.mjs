// From result files to Markdown: a table of one result, and the part of the README made of all.
//
//   node benches/peers/report.mjs FILE       prints the table of a result
//   node benches/peers/report.mjs --readme   writes the README's part anew

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { CASES } from './cases.mjs';
import { AGAIN, OURS } from './names.mjs';
import { ROOT } from './programs.mjs';
import { median } from './stats.mjs';

export const BEGIN = '<!-- bench:begin -->';
export const END = '<!-- bench:end -->';

/** What the products are called beside whom we are measured. */
const PEERS = { haproxy: 'HAProxy', nginx: 'nginx', 'http-proxy-3': 'http-proxy-3', httpxy: 'httpxy' };

const RESULTS = join(ROOT, 'benches/results');
const README = join(ROOT, 'README.md');

/** The table of everything in one result. */
export function table(result) {
  return tableOf(Object.entries(result.cases));
}

/** @param {[string, object][]} cases by name */
function tableOf(cases) {
  const lines = [
    '| Case | Beside | Ours | Theirs | Ours / theirs (95 % interval) | Target | |',
    '| --- | --- | ---: | ---: | --- | ---: | --- |',
  ];
  for (const [name, found] of cases) {
    const { measure, scale } = CASES[name];
    const cost = (who) => (median(measure.costs(found.samples, who)) / scale).toFixed(1);
    const again = { ...found.again, verdict: found.sound ? 'sound' : 'void' };
    // Said once, in the first of the rows it is about.
    let title = `${found.title}: ${found.unit}`;
    for (const [who, ratio] of [...Object.entries(found.ratios), [AGAIN, again]]) {
      const target = ratio.target === undefined ? '' : `≤ ${ratio.target.toFixed(2)}`;
      const cells = [title, who, cost(OURS), cost(who), interval(ratio), target, ratio.verdict ?? ''];
      lines.push(`| ${cells.join(' | ')} |`);
      title = '';
    }
  }
  return lines.join('\n');
}

function interval({ point, low, high }) {
  return `${point.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** The results that may be shown: complete ones, of a release build. */
export function readResults(folder = RESULTS) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), 'utf8')) }))
    .filter(({ complete }) => complete);
}

/** What stands between the README's markers: each case out of the newest result that has it. */
export function readmePart(results) {
  const newest = Object.keys(CASES).flatMap((name) => {
    const having = results.filter(({ cases }) => cases[name] !== undefined);
    const [latest] = having.toSorted((a, b) => b.date.localeCompare(a.date));
    return latest === undefined ? [] : [{ name, result: latest }];
  });
  if (newest.length === 0) throw new Error('benches/results/ holds no complete result');
  const rows = tableOf(newest.map(({ name, result }) => [name, result.cases[name]]));
  return [rows, ...sources(new Set(newest.map(({ result }) => result)))].join('\n\n');
}

/** What figures come from, without which they mean nothing: the results of each setting. */
function sources(results) {
  const files = new Map();
  for (const result of results) {
    const where = setting(result);
    files.set(where, [...(files.get(where) ?? []), source(result)]);
  }
  return [...files].map(([where, list]) => `${where} Everything is in ${list.join(', ')}.`);
}

/** The machine and the versions of who was measured. */
function setting({ versions, machine }) {
  const peers = Object.entries(PEERS).flatMap(([product, name]) => {
    const version = /\d+\.\d+\.\d+/.exec(versions[product] ?? '');
    return version === null ? [] : [`${name} ${version[0]}`];
  });
  const words = [`kernel ${versions.kernel}`, `Node.js ${versions.node}`, ...peers, 'one worker each'];
  return `Measured over loopback on ${machine.cpus} CPUs of ${machine.cpu}: ${words.join(', ')}.`;
}

function source({ name, date, commit, dirty, rounds }) {
  const at = commit === null ? 'no commit' : `commit ${commit.slice(0, 12)}${dirty ? ', changed' : ''}`;
  return `[${name}](benches/results/${name}) (${date.slice(0, 10)}, ${rounds} rounds, ${at})`;
}

/** The README with its part made anew. */
export function withPart(readme, part) {
  const [before, rest, more] = readme.split(BEGIN);
  const [, after, again] = rest?.split(END) ?? [];
  if (after === undefined || more !== undefined || again !== undefined) {
    throw new Error(`README.md needs ${BEGIN} and ${END}, once each and in this order`);
  }
  return `${before}${BEGIN}\n\n${part}\n\n${END}${after}`;
}

/** Run as a script, and not only imported. */
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [what] = process.argv.slice(2);
  if (what === '--readme') {
    writeFileSync(README, withPart(readFileSync(README, 'utf8'), readmePart(readResults())));
  } else if (what !== undefined) {
    console.log(table(JSON.parse(readFileSync(what, 'utf8'))));
  } else {
    console.error('usage: node benches/peers/report.mjs FILE | --readme');
    process.exitCode = 2;
  }
}
