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
  const sources = [...new Set(newest.map(({ result }) => result))].map(source);
  return [tableOf(newest.map(({ name, result }) => [name, result.cases[name]])), ...sources].join('\n\n');
}

/** Where figures come from, without which they mean nothing. */
function source({ name, date, commit, dirty, versions, machine, rounds }) {
  const at = commit === null ? 'no commit' : `commit ${commit.slice(0, 12)}${dirty ? ', changed' : ''}`;
  const peers = [versions.haproxy, versions.nginx].map((text) => /\d+\.\d+\.\d+/.exec(text ?? '')?.[0]);
  return (
    `Measured ${date.slice(0, 10)} (${at}; ${rounds} rounds) over loopback on ${machine.cpus} CPUs of ` +
    `${machine.cpu}: kernel ${versions.kernel}, Node.js ${versions.node}, HAProxy ${peers[0]}, nginx ${peers[1]}, ` +
    `one worker each. Everything is in [${name}](benches/results/${name}).`
  );
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
