// One case, round by round: in each round every contender has one slice, in random order.
//
// The machine's mood changes over seconds, so contenders are compared within a round and never
// across; everyone stays up all the time, so memory and caches are shared alike.

import { look, spent } from './cpu.mjs';
import { Refusal } from './processes.mjs';
import { shuffled } from './stats.mjs';

/**
 * @param {object} how `contenders` are started ones, `rounds` are kept ones: one more is run first
 *   and thrown away, for connections, buffers and just-in-time compilers to grow warm
 * @returns {Promise<{ orders: string[][], samples: Record<string, { cpuNs: number[], units: number[] }> }>}
 */
export async function measure({ contest, contenders, endpoint, load, rounds, random, options, tell }) {
  const fresh = contest.fresh(options);
  const open = ({ name, port }) => load.ask(`open ${name} ${port} ${contest.conns}`);
  const close = ({ name }) => load.ask(`close ${name}`);
  if (!fresh) {
    for (const contender of contenders) {
      await open(contender);
      // One exchange on each, because a contender may dial as late as it likes.
      await load.ask(`count ${contender.name} ${contest.conns} 256 256`);
    }
  }
  const before = await load.ask(`accepted ${endpoint}`);
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, { cpuNs: [], units: [] }]));
  const orders = [];
  for (let round = 0; round <= rounds; round += 1) {
    tell(round);
    const order = shuffled(contenders, random);
    for (const contender of order) {
      if (fresh) await open(contender);
      const { ns, units } = await slice({ contest, contender, load, options });
      if (fresh) await close(contender);
      if (round === 0) continue;
      samples[contender.name].cpuNs.push(ns);
      samples[contender.name].units.push(units);
    }
    if (round > 0) orders.push(order.map(({ name }) => name));
  }
  const after = await load.ask(`accepted ${endpoint}`);
  const opened = fresh ? (rounds + 1) * contenders.length * contest.conns : 0;
  // The last question is one connection; any other would be a contender that dialled again.
  const extra = after.accepted - before.accepted - opened - 1;
  if (extra !== 0) throw new Refusal(`the endpoint saw ${extra} connections that nobody asked for`);
  if (!fresh) for (const contender of contenders) await close(contender);
  return { orders, samples };
}

async function slice({ contest, contender, load, options }) {
  const { name, pid } = contender;
  const before = look(pid);
  const answer = await load.ask(contest.line(name, options));
  const { ns, ended } = spent(before, look(pid));
  const { errors, connects } = answer;
  const wrong =
    (errors !== 0 && `${errors} exchanges failed`) ||
    (connects !== contest.conns && `${connects} connections were opened, not ${contest.conns}`) ||
    (!contest.right(answer, options) && 'not every byte came back') ||
    (ended !== 0 && `${ended} of its threads ended, and their CPU time is lost`);
  if (wrong) throw new Refusal(`${name}: ${wrong}`);
  return { ns, units: contest.units(answer, options) };
}
