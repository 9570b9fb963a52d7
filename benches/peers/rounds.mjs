// One case, round by round: in each round every contender has one slice, in random order.
//
// The machine's mood changes over seconds, so contenders are compared within a round and never
// across; everyone stays up all the time, so memory and caches are shared alike.

import { statSync, truncateSync } from 'node:fs';

import { look, spent } from './cpu.mjs';
import { watchConnections } from './endpoint.mjs';
import { CLOSING } from './names.mjs';
import { Refusal } from './processes.mjs';
import { shuffled } from './stats.mjs';

/**
 * @param {object} how `contenders` are started ones, `rounds` are kept ones: one more is run first
 *   and thrown away, for connections, buffers and just-in-time compilers to grow warm
 * @returns {Promise<{ orders: string[][], samples: Record<string, Samples> }>}
 * @typedef {{ cpuNs: number[], units: number[], p50Us?: number[], p99Us?: number[] }} Samples by
 *   round; HTTP cases have latencies as well
 */
export async function measure({ contest, contenders, endpoint, load, rounds, random, options, tell }) {
  const fresh = contest.fresh(options);
  const open = ({ name, port }) => load.ask(`open ${name} ${port} ${contest.conns}`);
  const close = ({ name }) => load.ask(`close ${name}`);
  const openings = fresh ? rounds + 1 : 1;
  const connections = await watchConnections({ contest, load, endpoint, openings });
  if (!fresh) {
    for (const contender of contenders) {
      await open(contender);
      // One exchange on each, because a contender may dial as late as it likes.
      await load.ask(contest.warmUp(contender.name));
      await connections.add(contender.name);
    }
  }
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, {}]));
  const orders = [];
  for (let round = 0; round <= rounds; round += 1) {
    tell(round);
    const order = shuffled(contenders, random);
    for (const contender of order) {
      if (fresh) await open(contender);
      const sample = await slice({ contest, contender, load, options });
      await connections.add(contender.name);
      if (fresh) await close(contender);
      if (round === 0) continue;
      for (const [what, n] of Object.entries(sample)) (samples[contender.name][what] ??= []).push(n);
    }
    if (round > 0) orders.push(order.map(({ name }) => name));
  }
  connections.check();
  if (!fresh) for (const contender of contenders) await close(contender);
  return { orders, samples };
}

async function slice({ contest, contender, load, options }) {
  const { name, pid } = contender;
  const before = look(pid);
  const answer = await load.ask(contest.line(name, options));
  const { ns, ended } = spent(before, look(pid));
  const { errors, connects, reconnects } = answer;
  const silent = contender.log !== undefined && !empties(contender.log);
  const wrong =
    (errors !== 0 && `${errors} exchanges failed`) ||
    (connects !== contest.conns && `${connects} connections were opened, not ${contest.conns}`) ||
    (silent && 'it has logged nothing') ||
    (reconnects !== 0 && !CLOSING.includes(name) && `${reconnects} connections ended with an answer`) ||
    (!contest.right(answer, options) && 'not every byte came back') ||
    (ended !== 0 && `${ended} of its threads ended, and their CPU time is lost`);
  if (wrong) throw new Refusal(`${name}: ${wrong}`);
  const latencies = contest.protocol === 'http' && { p50Us: answer.p50_us, p99Us: answer.p99_us };
  return { cpuNs: ns, units: contest.units(answer, options), ...latencies };
}

/** Empties a log, so that the disk stays as it is; says whether there was something in it. */
function empties(log) {
  const { size } = statSync(log);
  truncateSync(log);
  return size > 0;
}
