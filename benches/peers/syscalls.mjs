// System calls a request, of any contender: a gate that no noise moves.
//
//   node benches/peers/syscalls.mjs NAME [--requests N] [--limit CALLS]
//   node benches/peers/syscalls.mjs [--limit CALLS] -- COMMAND…   (gets the endpoint's port appended)
//
// strace counts a short run and a longer one, and their difference is divided by the requests the
// longer one had more: so what it costs to start, to connect and to end cancels out. Exits with 1
// when there are more than the limit, which is 4.1 for the floor and nobody else's unless given:
// two recv, two send and what a batch of events shares of one epoll_wait.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { requireContenders, startContender } from './contenders.mjs';
import { startLoad } from './load.mjs';
import { OURS, PEERS } from './names.mjs';
import { Refusal, script, start } from './processes.mjs';
import { binary, program } from './programs.mjs';

const FLOOR_LIMIT = 4.1;

const CONNS = 32;

/** The short run; the longer one has as many more as are asked for. */
const WARM_UP = 2_000;

const SETTLE_MS = 500;

await script(async () => {
  const { name, ours, requests, limit } = asked(process.argv.slice(2));
  requireContenders([name]);
  program('strace');
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-syscalls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const endpoint = (await start('endpoint', [binary('endpoint'), '0'])).port;
  const load = startLoad();

  const counted = (n) => count({ name, ours, folder, endpoint, load, requests: n });
  const short = await counted(WARM_UP);
  const long = await counted(WARM_UP + requests);
  const calls = difference(short, long, requests);
  const total = calls.reduce((sum, [, n]) => sum + n, 0);

  for (const [call, n] of calls.filter(([, n]) => Math.abs(n) >= 0.001)) console.log(`${n.toFixed(3).padStart(8)}  ${call}`);
  const sum = `${total.toFixed(3).padStart(8)}  system calls a request`;
  console.log(`${sum} (${requests} requests, ${CONNS} connections)`);
  if (limit === undefined || total <= limit) return 0;
  console.error(`${ours ?? name} makes more than ${limit} system calls a request`);
  return 1;
});

function asked(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { requests: { type: 'string', default: '20000' }, limit: { type: 'string' } },
  });
  const [name] = positionals;
  const known = [OURS, ...PEERS.tcp].includes(name);
  if (!known && !args.includes('--')) {
    throw new Refusal(`Whose system calls? ${[OURS, ...PEERS.tcp].join(', ')}, or a command after --.`);
  }
  const limit = values.limit ?? (name === 'floor' ? FLOOR_LIMIT : undefined);
  return {
    name: known ? name : OURS,
    ours: known ? undefined : positionals.join(' '),
    requests: number('--requests', values.requests),
    limit: limit === undefined ? undefined : number('--limit', limit),
  };
}

function number(flag, text) {
  const n = Number(text);
  if (n > 0) return n;
  throw new Refusal(`${flag} is a number above zero, not ${text}.`);
}

/** One life of the contender under strace: its calls by name. */
async function count({ name, ours, folder, endpoint, load, requests }) {
  const file = join(folder, `calls-${requests}`);
  const prefix = [program('strace'), '-f', '-c', '-o', file];
  const contender = await startContender(name, { prefix, folder, endpoint, ours });
  await load.ask(`open it ${contender.port} ${CONNS}`);
  const { errors, connects } = await load.ask(`count it ${requests} 256 256`);
  if (errors !== 0 || connects !== CONNS) throw new Refusal(`${name}: ${errors} of ${requests} exchanges failed`);
  await load.ask('close it');
  // What closing costs must be in both runs, so let it end before the contender does.
  await sleep(SETTLE_MS);
  await contender.stop();
  return parsed(readFileSync(file, 'utf8'));
}

/** The table strace writes: the fourth column has the calls, the last one the name. */
function parsed(text) {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const calls = rows.filter(([share, , , n]) => /^[\d.]+$/.test(share) && /^\d+$/.test(n));
  return new Map(calls.map((row) => [row.at(-1), Number(row[3])]).filter(([call]) => call !== 'total'));
}

/** How much more often each call was made, for each of the requests that were more. */
function difference(short, long, requests) {
  return [...new Set([...short.keys(), ...long.keys()])]
    .map((call) => [call, ((long.get(call) ?? 0) - (short.get(call) ?? 0)) / requests])
    .toSorted(([, a], [, b]) => b - a);
}
