// Measures fourseven beside other balancers, on this machine, and writes down what it found.
//
//   cargo build --release -p fourseven-peers && node benches/peers/run.mjs --out benches/results/NAME.json
//
// What counts is CPU time, the whole process tree's, for each request or GiB: throughput would
// mostly measure who else is busy. A target is met when the upper end of the ratio's 95 % interval
// is, in a run whose own A/A ratio (ours beside ours) is within 2 % of 1.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { CASES } from './cases.mjs';
import { AGAIN, OURS, PEERS, ROOT, binary, requireContenders, startContender } from './contenders.mjs';
import { commit, load as loadNow, machine, versions } from './facts.mjs';
import { ENOUGH_ROUNDS, USAGE, flags } from './flags.mjs';
import { pretty } from './json.mjs';
import { startLoad } from './load.mjs';
import { Refusal, script, start } from './processes.mjs';
import { table } from './report.mjs';
import { measure } from './rounds.mjs';
import { seeded } from './stats.mjs';
import { judge } from './verdict.mjs';

await script(async () => {
  const asked = flags(process.argv.slice(2));
  if (asked.help) return console.log(USAGE);
  requireContenders(asked.peers);
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-peers-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  const taken = { date: new Date().toISOString(), ...commit() };
  const endpoint = await start('endpoint', [binary('endpoint'), '0']);
  const contenders = [];
  for (const name of [OURS, AGAIN, ...asked.peers]) {
    const where = { endpoint: endpoint.port, folder, ours: asked.ours };
    contenders.push(await startContender(name, where));
  }
  const build = buildOf(contenders, asked);

  const load = startLoad();
  const random = seeded(asked.seed);
  const cases = {};
  for (const name of asked.cases) {
    cases[name] = await measureCase(name, { asked, contenders, endpoint: endpoint.port, load, random });
  }

  const result = {
    ...taken,
    complete: isComplete(asked, build),
    build,
    versions: versions(),
    machine: machine(),
    seed: asked.seed,
    rounds: asked.rounds,
    ...asked.options,
    contenders: Object.fromEntries(contenders.map((each) => [each.name, described(each, folder)])),
    cases,
  };
  console.log(table(result));
  const out = asked.out ?? join(tmpdir(), `fourseven-${taken.date.replaceAll(':', '-')}.json`);
  writeFileSync(out, `${pretty(result)}\n`);
  console.log(`\nwritten to ${out}`);
});

async function measureCase(name, { asked, ...rest }) {
  const contest = CASES[name];
  const before = loadNow();
  const tell = (round) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${round} of ${asked.rounds} `);
  };
  const { rounds, options } = asked;
  const { orders, samples } = await measure({ contest, rounds, options, tell, ...rest });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const loadavg = { before, after: loadNow() };
  return { title: contest.title, unit: contest.unit, loadavg, ...judge(samples, contest.targets), orders, samples };
}

/** How our addon was built, which it says in the line before it listens. */
function buildOf(contenders, { ours }) {
  const { said } = contenders.find(({ name }) => name === OURS);
  const line = said.find((text) => text.startsWith('build '));
  if (line === undefined) {
    if (ours !== undefined) return null;
    throw new Refusal('fourseven did not say how it was built, so it is not measured.');
  }
  const build = JSON.parse(line.slice('build '.length));
  if (build.profile !== 'release') {
    throw new Refusal(`Only a release build is measured, and this addon's profile is ${build.profile}.`);
  }
  return build;
}

/** Whether the README may show this: everybody was there, often enough, and ours was ours. */
function isComplete({ peers, rounds, ours }, build) {
  return PEERS.every((name) => peers.includes(name)) && rounds >= ENOUGH_ROUNDS && !ours && build !== null;
}

/** A contender as it was started, with words that mean something on another machine. */
function described({ command, config }, folder) {
  const [file, ...args] = command;
  const words = [basename(file), ...args].map((word) => word.replace(ROOT, '').replace(folder, 'DIR'));
  return { command: words.join(' '), config: config?.trimEnd().split('\n') };
}
