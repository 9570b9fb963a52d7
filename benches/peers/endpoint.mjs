// The endpoint process, and how many connections each contender opens to it.

import { setTimeout as sleep } from 'node:timers/promises';

import { CLOSING } from './names.mjs';
import { Refusal, start } from './processes.mjs';
import { binary } from './programs.mjs';

/** A proxy may have dialled for a request when a connection that it kept became free. */
const SPARE = 4;

/** A contender that was tried until it accepted may yet dial the endpoint for that. */
const SETTLE_MS = 100;

/** @returns {Promise<{ pid: number, ports: { tcp: number, http: number } }>} */
export async function startEndpoint() {
  const { pid, port, said } = await start('endpoint', [binary('endpoint'), '0', '0']);
  const [http] = said.filter((line) => line.startsWith('http ')).map((line) => Number(line.slice('http '.length)));
  return { pid, ports: { tcp: port, http } };
}

/**
 * Counts the connections that each contender opens to the endpoint.
 *
 * @returns `add` books what was opened since the last time to a contender; `check` throws when one
 *   did not keep its connections
 */
export async function watchConnections({ contest, load, endpoint, openings }) {
  const ask = async () => (await load.ask(`accepted ${endpoint.ports.tcp}`)).accepted;
  const opened = new Map();
  let before = await ask();
  for (let earlier = -1; before !== earlier + 1; ) {
    await sleep(SETTLE_MS);
    [earlier, before] = [before, await ask()];
  }
  return {
    async add(name) {
      const now = await ask();
      // One of them is the question's own.
      opened.set(name, (opened.get(name) ?? 0) + now - before - 1);
      before = now;
    },
    check() {
      for (const [name, n] of opened) if (!CLOSING.includes(name)) requireKept({ name, n, expected: contest.conns * openings, contest });
    },
  };
}

/**
 * Below HTTP each client has its own. With HTTP they may be shared, and kept from the case before,
 * but must not grow in number with requests.
 */
function requireKept({ name, n, expected, contest }) {
  const [least, most] = contest.protocol === 'http' ? [0, expected + SPARE] : [expected, expected];
  if (n < least || n > most) {
    throw new Refusal(`${name} opened ${n} connections to the endpoint, for ${expected} of its clients'.`);
  }
}
