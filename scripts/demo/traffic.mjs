// Clients that open a connection, make some exchanges over it and close; and what came of it.
import { once, setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const clients = 16;
const exchanges = 10;
// About 400 connections a second together: a lively picture, and ports enough for hours of it.
const pause = 40;
const patience = 5000;

/** Starts the clients; `tally` is counted while they run. */
export function startTraffic({ hostname, port }, names) {
  const tally = {
    requests: 0,
    connections: 0,
    failed: 0,
    /** Connections that each endpoint answered. */
    answered: new Map(names.map((name) => [name, 0])),
    /** Why requests failed, and how often. */
    reasons: new Map(),
  };
  const end = new AbortController();
  setMaxListeners(clients, end.signal);
  const client = async () => {
    while (!end.signal.aborted) {
      await visit({ host: hostname, port: Number(port) }, tally);
      await sleep(pause, undefined, { signal: end.signal }).catch(() => {});
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  const stop = () => {
    end.abort();
    return running;
  };
  return { tally, stop };
}

// One connection from its opening to its close. What it began it finishes, also while stopping.
async function visit(address, tally) {
  const socket = connect({ ...address, noDelay: true });
  socket.on('error', () => {}); // Whoever reads the answers is told as well.
  socket.setTimeout(patience, () => socket.destroy(new Error(`no answer within ${patience / 1000} s`)));
  try {
    await once(socket, 'connect');
    tally.connections++;
    const answers = linesOf(socket);
    const name = await exchange(socket, answers, tally);
    for (let more = 1; more < exchanges; more++) {
      const again = await exchange(socket, answers, tally);
      if (again !== name) throw new Error(`${name} answered first, then ${again}`);
    }
    if (!tally.answered.has(name)) throw new Error(`an unknown endpoint answered: ${name}`);
    tally.answered.set(name, tally.answered.get(name) + 1);
    socket.end();
    const { done, value } = await answers.next();
    if (!done) throw new Error(`an answer nobody asked for: ${value}`);
  } catch (error) {
    tally.failed++;
    tally.reasons.set(error.message, (tally.reasons.get(error.message) ?? 0) + 1);
  } finally {
    socket.destroy();
  }
}

async function exchange(socket, answers, tally) {
  tally.requests++;
  socket.write('who\n');
  const { done, value } = await answers.next();
  if (done) throw new Error('closed before the answer');
  return value;
}

async function* linesOf(socket) {
  let rest = '';
  for await (const text of socket.setEncoding('utf8')) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}
