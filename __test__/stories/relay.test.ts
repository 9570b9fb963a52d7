// Bytes go through, both ways, unchanged, and ends are passed on.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  addressOf,
  ask,
  balance,
  dial,
  ending,
  exchange,
  readAll,
  serving,
  startEndpoint,
  until,
} from '../support/network.js';

const here = 'tcp://127.0.0.1:0';

// Every way to accept and to relay tells the same story.
const ways = {
  'per worker': { listeners: { web: { address: here, accept: 'per-worker' } } },
  'handed off': { listeners: { web: { address: here, accept: 'hand-off' } } },
  portable: { listeners: { web: here }, portable: true },
} as const;

describe.each(Object.entries(ways))('%s', (_, way) => {
  test('what is sent comes back', async () => {
    const { address } = await startEndpoint(serving.echo);
    const balancer = await balance({ ...way, pools: { api: { endpoints: [address] } } });
    expect(await exchange(addressOf(balancer), 'hello')).toBe('hello');
  });

  test('an endpoint may speak first', async () => {
    const { address } = await startEndpoint((socket) => socket.end('220 ready'));
    const balancer = await balance({ ...way, pools: { api: { endpoints: [address] } } });
    expect(await readAll(await dial(addressOf(balancer)))).toBe('220 ready');
  });

  test('one side may finish while the other goes on', async () => {
    const { address } = await startEndpoint((socket) => {
      socket.resume().on('end', () => socket.end('after you'));
    });
    const balancer = await balance({ ...way, pools: { api: { endpoints: [address] } } });
    expect(await exchange(addressOf(balancer), 'done')).toBe('after you');
  });

  test('40 MB go both ways unchanged', async () => {
    const { address } = await startEndpoint(serving.echo);
    const balancer = await balance({ ...way, pools: { api: { endpoints: [address] } } });
    const chunk = randomBytes(1 << 20);
    const chunks = Array.from({ length: 40 }, () => chunk);
    const socket = await dial(addressOf(balancer));
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    for (const one of chunks) sent.update(one);
    await Promise.all([pipeline(Readable.from(chunks), socket), pipeline(Readable.from(socket), received)]);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  test('two hundred connections at once do not mix', async () => {
    const { address } = await startEndpoint(serving.echo);
    const balancer = await balance({ ...way, pools: { api: { endpoints: [address] } } });
    const texts = Array.from({ length: 200 }, (_, at) => `${at}:`.repeat(at + 1));
    expect(await Promise.all(texts.map((text) => exchange(addressOf(balancer), text)))).toEqual(texts);
  });

  test('a client that vanishes takes its endpoint connection with it', async () => {
    const endpoint = await startEndpoint(serving.name('a'));
    const balancer = await balance({ ...way, pools: { api: { endpoints: [endpoint.address] } } });
    const socket = await dial(addressOf(balancer));
    expect(await ask(socket)).toBe('a');
    socket.resetAndDestroy();
    await until(() => endpoint.sockets.size === 0);
  });

  test('an endpoint that vanishes takes its client connection with it', async () => {
    const endpoint = await startEndpoint(serving.name('a'));
    const balancer = await balance({ ...way, pools: { api: { endpoints: [endpoint.address] } } });
    const socket = await dial(addressOf(balancer));
    expect(await ask(socket)).toBe('a');
    for (const one of endpoint.sockets) one.resetAndDestroy();
    expect(await ending(socket)).toBe('reset');
  });
});

describe('endpoints are chosen', () => {
  test('in turn by round robin, on each worker', async () => {
    const names = ['a', 'b', 'c'];
    const endpoints = await Promise.all(names.map((name) => startEndpoint(serving.name(name))));
    const balancer = await balance({
      listeners: { web: here },
      pools: {
        api: {
          endpoints: endpoints.map(({ address }, at) => `${names[at]}=${address}`),
          algorithm: 'round-robin',
        },
      },
      workers: 1,
    });
    const answers: string[] = [];
    for (let count = 0; count < 30; count++)
      answers.push((await exchange(addressOf(balancer), 'who\n')).trim());
    const cycle = answers.slice(0, 3);
    expect(cycle.toSorted()).toEqual(names);
    expect(answers).toEqual(Array.from({ length: 30 }, (_, at) => cycle[at % 3]));
  });

  test('by how busy they are: two choices leaves the busy one alone', async () => {
    const [slow, fast] = await Promise.all([startEndpoint(serving.silence), startEndpoint(serving.silence)]);
    const balancer = await balance({
      listeners: { web: here },
      pools: { api: { endpoints: [`slow=${slow.address}`, `fast=${fast.address}`] } },
    });
    const connections: unknown[] = [];
    for (let count = 0; count < 40; count++) {
      connections.push(await dial(addressOf(balancer)));
      await until(() => slow.sockets.size + fast.sockets.size === connections.length);
    }
    // Two of two are always both of them, so no more than one apart.
    expect(Math.abs(slow.sockets.size - fast.sockets.size)).toBeLessThanOrEqual(1);
  });

  test('by an algorithm of the user', async () => {
    const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
    const balancer = await balance(
      {
        listeners: { web: here },
        pools: {
          api: {
            endpoints: [`a=${a.address}`, `b=${b.address}`],
            algorithm: { name: 'only', options: { which: 'b' } },
          },
        },
      },
      {
        algorithms: {
          only: (endpoints, { which }) => ({
            kind: 'cycle',
            table: [endpoints.findIndex(({ name }) => name === which)],
          }),
        },
      },
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => exchange(addressOf(balancer), 'who\n')),
    );
    expect(new Set(answers)).toEqual(new Set(['b\n']));
  });

  test('another one when one does not answer', async () => {
    const [alive, dead] = await Promise.all([
      startEndpoint(serving.name('alive')),
      startEndpoint(serving.echo),
    ]);
    await dead.close();
    const balancer = await balance({
      listeners: { web: here },
      pools: {
        api: { endpoints: [`dead=${dead.address}`, `alive=${alive.address}`], algorithm: 'round-robin' },
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => exchange(addressOf(balancer), 'who\n')),
    );
    expect(new Set(answers)).toEqual(new Set(['alive\n']));
    expect(balancer.counters().endpoints['dead']?.failed).toBeGreaterThan(0);
  });
});

describe('routes', () => {
  test('send each listener to its pool', async () => {
    const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
    const balancer = await balance({
      listeners: { web: here, adm: here },
      pools: { one: { endpoints: [a.address] }, two: { endpoints: [b.address] } },
      routes: [{ pool: 'one' }, { match: { listener: 'adm' }, pool: 'two' }],
    });
    expect(await exchange(addressOf(balancer, 'web'), '\n')).toBe('a\n');
    expect(await exchange(addressOf(balancer, 'adm'), '\n')).toBe('b\n');
  });

  test('end a connection that is silent for too long', async () => {
    const { address } = await startEndpoint(serving.silence);
    const balancer = await balance({
      listeners: { web: here },
      pools: { api: { endpoints: [address] } },
      timeouts: { idle: '100ms' },
    });
    expect(await ending(await dial(addressOf(balancer)))).toBe('reset');
    await until(() => balancer.counters().faults['idle-timeout'] === 1);
  });
});

test('Unix sockets on both sides', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { address } = await startEndpoint(serving.echo, join(folder, 'app.sock'));
  const balancer = await balance({
    listeners: { web: `unix:${join(folder, 'web.sock')}` },
    pools: { api: { endpoints: [address] } },
  });
  expect(addressOf(balancer)).toBe(`unix:${join(folder, 'web.sock')}`);
  expect(await exchange(addressOf(balancer), 'hello')).toBe('hello');
});

test('no host listens on both families, and means both for an endpoint', async () => {
  const { address } = await startEndpoint(serving.echo);
  const port = address.split(':').at(-1);
  const balancer = await balance({ listeners: { web: ':0' }, pools: { api: { endpoints: [`:${port}`] } } });
  const bound = new URL(addressOf(balancer)).port;
  expect(await exchange(`127.0.0.1:${bound}`, 'four')).toBe('four');
  expect(await exchange(`[::1]:${bound}`, 'six')).toBe('six');
});
