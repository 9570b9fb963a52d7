// Another configuration takes over without anyone noticing, or not at all.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Config } from '../../ts/config/types.js';
import {
  addressOf,
  ask,
  balance,
  dial,
  ending,
  exchange,
  freeAddress,
  isListening,
  serving,
  startEndpoint,
  until,
} from '../support/network.js';

const here = 'tcp://127.0.0.1:0';

function config(endpoints: string[], more: Partial<Config> = {}): Config {
  return { listeners: { web: here }, pools: { api: { endpoints, algorithm: 'round-robin' } }, ...more };
}

test('connections stay, new ones follow the new configuration', async () => {
  const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
  const balancer = await balance(config([`a=${a.address}`]));
  const old = await dial(addressOf(balancer));
  expect(await ask(old)).toBe('a');
  const applied = await balancer.apply(config([`b=${b.address}`]));
  expect(applied).toMatchObject({ version: 2, listeners: { web: { address: addressOf(balancer) } } });
  expect(await exchange(addressOf(balancer), 'who\n')).toBe('b\n');
  expect(await ask(old)).toBe('a');
});

test('a listener keeps its port, also under another name', async () => {
  const { address } = await startEndpoint(serving.echo);
  const bound = await freeAddress();
  const balancer = await balance(config([address], { listeners: { web: bound } }));
  const socket = await dial(bound);
  await balancer.apply(config([address], { listeners: { front: bound } }));
  expect(balancer.listeners()).toEqual({ front: { address: bound } });
  expect(await exchange(bound, 'hello')).toBe('hello');
  expect(await ask(socket, 'still here')).toBe('still here');
});

test('listeners come and go', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await balance(config([address]));
  const first = addressOf(balancer);
  await balancer.apply(config([address], { listeners: { web: here, adm: here } }));
  expect(addressOf(balancer)).toBe(first);
  const second = addressOf(balancer, 'adm');
  expect(await exchange(second, 'hello')).toBe('hello');
  await balancer.apply(config([address], { listeners: { adm: here } }));
  expect(addressOf(balancer, 'adm')).toBe(second);
  await until(async () => !(await isListening(first)));
  expect(await exchange(second, 'hello')).toBe('hello');
});

test('what is refused changes nothing', async () => {
  const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
  const other = await balance(config([a.address]));
  const balancer = await balance(config([`a=${a.address}`]));
  const refused = balancer.apply(
    config([`b=${b.address}`], { listeners: { web: here, more: here, taken: addressOf(other) } }),
  );
  await expect(refused).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    issues: [{ path: 'listeners.taken' }],
  });
  expect(Object.keys(balancer.listeners())).toEqual(['web']);
  expect(await exchange(addressOf(balancer), 'who\n')).toBe('a\n');
  expect(await balancer.apply(config([`b=${b.address}`]))).toMatchObject({ version: 3 });
  expect(await exchange(addressOf(balancer), 'who\n')).toBe('b\n');
});

test('connections to an endpoint that is gone get the drain time', async () => {
  const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
  const balancer = await balance(config([`a=${a.address}`]));
  const old = await dial(addressOf(balancer));
  expect(await ask(old)).toBe('a');
  await balancer.apply(config([`b=${b.address}`], { drain: '300ms' }));
  expect(await ask(old)).toBe('a');
  expect(await ending(old)).toBe('reset');
  await until(() => balancer.counters().faults['drain-deadline'] === 1);
});

test('counts go on where they were', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await balance(config([`a=${address}`]));
  await exchange(addressOf(balancer), 'one');
  await balancer.apply(config([`a=${address}`, 'b=127.0.0.1:1']));
  await balancer.apply(config([`a=${address}`]));
  await exchange(addressOf(balancer), 'two');
  await until(() => balancer.counters().endpoints['a']?.bytesSent === 6);
  expect(balancer.counters().endpoints['a']?.picked).toBe(2);
});

/** Clients that open one connection after another until they are stopped; what they were answered. */
function visit(address: string, clients: number): { stop(): Promise<string[]> } {
  const over = new AbortController();
  const client = async (): Promise<string[]> => {
    const answers: string[] = [];
    while (!over.signal.aborted) answers.push((await exchange(address, 'who\n')).trim());
    return answers;
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  const stop = async (): Promise<string[]> => {
    over.abort();
    return (await all).flat();
  };
  return { stop };
}

test('fifty configurations in a row fail no connection', async () => {
  const endpoints = await Promise.all(['a', 'b', 'c', 'd'].map((name) => startEndpoint(serving.name(name))));
  const named = endpoints.map(({ address }, at) => `${'abcd'[at]}=${address}`);
  const balancer = await balance(config(named));
  const clients = visit(addressOf(balancer), 8);
  for (let count = 0; count < 50; count++) {
    await balancer.apply(config(named.filter((_, at) => at !== count % 4)));
    await sleep(5);
  }
  const answers = await clients.stop();
  expect(answers.length).toBeGreaterThan(50);
  expect(answers.filter((answer) => !/^[abcd]$/.test(answer))).toEqual([]);
  expect(balancer.counters().version).toBe(51);
});

test('more and fewer workers fail no connection', async () => {
  const { address } = await startEndpoint(serving.name('a'));
  const balancer = await balance(config([address], { workers: 1 }));
  const clients = visit(addressOf(balancer), 8);
  for (const workers of [3, 1, 2]) {
    expect(await balancer.apply(config([address], { workers }))).toMatchObject({ workers });
    await until(() => balancer.counters().workers === workers);
  }
  const answers = await clients.stop();
  expect(new Set(answers)).toEqual(new Set(['a']));
});

test('many at the same time end with the last', async () => {
  const endpoints = await Promise.all(['a', 'b', 'c'].map((name) => startEndpoint(serving.name(name))));
  const balancer = await balance(config([endpoints[0]?.address ?? '']));
  const applied = await Promise.all(endpoints.map(({ address }) => balancer.apply(config([address]))));
  expect(applied.map(({ version }) => version)).toEqual([2, 3, 4]);
  expect(await exchange(addressOf(balancer), 'who\n')).toBe('c\n');
});
