// Measures fourseven beside other balancers, on this machine, and writes down what it found.
//
//   cargo build --release -p fourseven-peers && node benches/peers/run.mjs --out benches/results/NAME.json
//
// What counts is CPU time, the whole process tree's, for each request or GiB: throughput would
// mostly measure who else is busy. A target is met when the upper end of the ratio's 95 % interval
// is, in a run whose own A/A ratio (ours beside ours) is within 2 % of 1.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { CASES } from './cases.mjs';
import { requireContenders, startContender } from './contenders.mjs';
import { startEndpoint } from './endpoint.mjs';
import { commit, load as loadNow, machine, versions } from './facts.mjs';
import { ENOUGH_ROUNDS, USAGE, flags } from './flags.mjs';
import { pretty } from './json.mjs';
import { startLoad } from './load.mjs';
import { ADDED_LATENCY } from './measures.mjs';
import { AGAIN, DIRECT, OURS } from './names.mjs';
import { Refusal, script } from './processes.mjs';
import { ROOT } from './programs.mjs';
import { table } from './report.mjs';
import { measure } from './rounds.mjs';
import { seeded } from './stats.mjs';
import { judge } from './verdict.mjs';

await script(async () => {
  const asked = flags(process.argv.slice(2));
  if (asked.help) return console.log(USAGE);
  const protocols = [...new Set(asked.cases.map((name) => CASES[name].protocol))];
  const peers = asked.cases.flatMap(asked.peersOf);
  requireContenders(peers, protocols);
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-peers-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  // A worker of nginx that gave up root's rights writes bodies that it cannot pass on yet to a file.
  chmodSync(folder, 0o711);

  const taken = { date: new Date().toISOString(), ...commit() };
  const endpoint = await startEndpoint();
  const load = startLoad();
  const random = seeded(asked.seed);
  const [described, cases] = [{}, {}];
  let build = null;
  for (const { protocol, logs, names } of groupsOf(asked.cases)) {
    const contenders = [];
    for (const name of new Set([OURS, AGAIN, ...names.flatMap(asked.peersOf)])) {
      const where = { protocol, endpoint: endpoint.ports[protocol], folder, ours: asked.ours, logs };
      contenders.push(await startContender(name, where));
    }
    build = buildOf(contenders, asked);
    for (const each of contenders) {
      const words = [each.name, ...(protocol === 'http' ? ['HTTP'] : []), ...(logs ? ['logged'] : [])];
      described[words.join(', ')] = description(each, folder);
    }
    for (const name of names) {
      const measured = [OURS, AGAIN, ...asked.peersOf(name)];
      const there = measured.map((peer) => contenders.find((each) => each.name === peer));
      cases[name] = await measureCase(name, { asked, contenders: there, endpoint, load, random });
    }
    for (const contender of contenders) await contender.stop();
  }

  const result = {
    ...taken,
    complete: isComplete(asked, build),
    build,
    versions: versions(peers),
    machine: machine(),
    seed: asked.seed,
    rounds: asked.rounds,
    ...asked.options,
    contenders: described,
    cases,
  };
  console.log(table(result));
  const out = asked.out ?? join(tmpdir(), `fourseven-${taken.date.replaceAll(':', '-')}.json`);
  writeFileSync(out, `${pretty(result)}\n`);
  console.log(`\nwritten to ${out}`);
});

/** Cases for which the same contenders are started: by what they speak, and by whether they log. */
function groupsOf(cases) {
  const kinds = ['tcp', 'http'].flatMap((protocol) => [false, true].map((logs) => ({ protocol, logs })));
  const is = ({ protocol, logs }) => (name) => CASES[name].protocol === protocol && (CASES[name].logs ?? false) === logs;
  return kinds.map((kind) => ({ ...kind, names: cases.filter(is(kind)) })).filter(({ names }) => names.length > 0);
}

async function measureCase(name, { asked, contenders, endpoint, ...rest }) {
  const contest = CASES[name];
  const direct = { name: DIRECT, pid: endpoint.pid, port: endpoint.ports[contest.protocol] };
  const all = contest.measure === ADDED_LATENCY ? [...contenders, direct] : contenders;
  const before = loadNow();
  const tell = (round) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${round} of ${asked.rounds} `);
  };
  const { rounds, options } = asked;
  const { orders, samples } = await measure({ contest, contenders: all, endpoint, rounds, options, tell, ...rest });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const loadavg = { before, after: loadNow() };
  const found = judge(samples, contest.targets, contest.measure);
  return { title: contest.title, unit: contest.unit, loadavg, ...found, orders, samples };
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
function isComplete({ cases, peersOf, rounds, ours }, build) {
  const wasThere = (name) => CASES[name].peers.every((peer) => peersOf(name).includes(peer));
  return cases.every(wasThere) && rounds >= ENOUGH_ROUNDS && !ours && build !== null;
}

/** A contender as it was started, with words that mean something on another machine. */
function description({ command, config }, folder) {
  const [file, ...args] = command;
  const words = [basename(file), ...args].map((word) => word.replace(ROOT, '').replace(folder, 'DIR'));
  return { command: words.join(' '), config: config?.trimEnd().split('\n') };
}
