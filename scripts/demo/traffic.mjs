// Clients that open a connection, make some exchanges over it and close; and what came of it.
import { once, setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const clients = 16;
const exchanges = 10;
// About 400 connections a second together: a lively picture, and ports enough for hours of it.
const pause = 40;
const patience = 5000;

/**
 * Starts the clients, half of them of each layer; `tally` is counted while they run. A connection of
 * layer 4 stays with one endpoint, the requests of one of layer 7 go to any.
 */
export function startTraffic({ layer4, layer7 }, names) {
  const tally = {
    requests: 0,
    connections: 0,
    failed: 0,
    /** What each endpoint answered, by layer: connections, and requests. */
    answered: { layer4: new Map(names.map((name) => [name, 0])), layer7: new Map(names.map((name) => [name, 0])) },
    /** Why requests failed, and how often. */
    reasons: new Map(),
  };
  const end = new AbortController();
  setMaxListeners(clients, end.signal);
  const client = async (_, number) => {
    const [visit, { hostname: host, port }] = number % 2 === 0 ? [visitLayer4, layer4] : [visitLayer7, layer7];
    while (!end.signal.aborted) {
      await connected({ host, port: Number(port) }, tally, visit);
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
async function connected(address, tally, visit) {
  const socket = connect({ ...address, noDelay: true });
  socket.on('error', () => {}); // Whoever reads the answers is told as well.
  socket.setTimeout(patience, () => socket.destroy(new Error(`no answer within ${patience / 1000} s`)));
  try {
    await once(socket, 'connect');
    tally.connections++;
    const answers = answersOf(socket);
    await visit(() => exchange(socket, answers, tally), tally.answered);
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

async function visitLayer4(ask, { layer4 }) {
  const name = await ask();
  for (let more = 1; more < exchanges; more++) {
    const again = await ask();
    if (again !== name) throw new Error(`${name} answered first, then ${again}`);
  }
  count(layer4, name);
}

async function visitLayer7(ask, { layer7 }) {
  for (let more = 0; more < exchanges; more++) count(layer7, await ask());
}

function count(answered, name) {
  if (!answered.has(name)) throw new Error(`an unknown endpoint answered: ${name}`);
  answered.set(name, answered.get(name) + 1);
}

async function exchange(socket, answers, tally) {
  tally.requests++;
  socket.write('GET / HTTP/1.1\r\nHost: demo\r\n\r\n');
  const { done, value } = await answers.next();
  if (done) throw new Error('closed before the answer');
  return value;
}

// The body of each answer, which is one line behind the empty one.
async function* answersOf(socket) {
  let rest = '';
  let isHead = true;
  for await (const text of socket.setEncoding('utf8')) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!isHead) yield line;
      else if (line.startsWith('HTTP/1.1 ') && !line.startsWith('HTTP/1.1 200 ')) throw new Error(line.trim());
      isHead = isHead ? line !== '\r' : true;
    }
  }
}
