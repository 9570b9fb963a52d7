// What happened is counted, and can be read at any time.
import { expect, test } from 'vitest';
import {
  addressOf,
  ask,
  balance,
  dial,
  exchange,
  serving,
  startEndpoint,
  until,
} from '../support/network.js';

const here = 'tcp://127.0.0.1:0';

test('connections and bytes are counted where they were', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await balance({
    listeners: { web: here, idle: here },
    pools: { api: { endpoints: [`a=${address}`] } },
  });
  for (let count = 0; count < 5; count++) await exchange(addressOf(balancer), 'x'.repeat(1000));
  await until(() => balancer.counters().connections === 0);
  const counters = balancer.counters();
  const none = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
  const http = { requests: 0, responses: none };
  expect(counters.listeners).toEqual({
    idle: { accepted: 0, open: 0, bytesIn: 0, bytesOut: 0, ...http },
    web: { accepted: 5, open: 0, bytesIn: 5000, bytesOut: 5000, ...http },
  });
  expect(counters.routes).toMatchObject({ api: { taken: 5, responses: none, durations: { sum: 0 } } });
  expect(counters.pools).toEqual({ api: { requests: 5, retries: 0, retriesDenied: 0 } });
  expect(counters.endpoints).toMatchObject({
    a: { picked: 5, open: 0, inflight: 0, failed: 0, bytesSent: 5000, bytesReceived: 5000, reused: 0 },
  });
  expect(Object.values(counters.faults).every((times) => times === 0)).toBe(true);
});

test('open connections are counted while they are open', async () => {
  const { address } = await startEndpoint(serving.name('a'));
  const balancer = await balance({
    listeners: { web: here },
    pools: { api: { endpoints: [`a=${address}`] } },
  });
  const sockets = await Promise.all(Array.from({ length: 7 }, () => dial(addressOf(balancer))));
  await Promise.all(sockets.map((socket) => ask(socket)));
  expect(balancer.counters()).toMatchObject({
    connections: 7,
    listeners: { web: { accepted: 7, open: 7 } },
    endpoints: { a: { picked: 7, open: 7, inflight: 7 } },
  });
  for (const socket of sockets) socket.destroy();
  await until(() => balancer.counters().connections === 0);
  expect(balancer.counters()).toMatchObject({
    listeners: { web: { open: 0 } },
    endpoints: { a: { open: 0, inflight: 0 } },
  });
});

test('what goes wrong is counted by its reason', async () => {
  const { address, close } = await startEndpoint(serving.echo);
  await close();
  const balancer = await balance({
    listeners: { web: here },
    pools: { api: { endpoints: [`a=${address}`] } },
  });
  await expect(exchange(addressOf(balancer), 'x')).rejects.toThrow('ECONNRESET');
  await until(() => balancer.counters().connections === 0);
  const { endpoints, faults } = balancer.counters();
  expect(endpoints['a']).toMatchObject({ open: 0, inflight: 0, failed: expect.any(Number) });
  expect(endpoints['a']?.failed).toBeGreaterThan(0);
  expect(faults['connect-refused']).toBeGreaterThan(0);
});

test('reading copies into the same array again and again', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await balance({ listeners: { web: here }, pools: { api: { endpoints: [address] } } });
  const index = balancer.index();
  const values = balancer.read(new Float64Array(index.length));
  expect(values[index.header.indexOf('version')]).toBe(1);
  const accepted = index.header.length + index.listeners.fields.indexOf('accepted');
  expect(values[accepted]).toBe(0);
  await exchange(addressOf(balancer), 'x');
  expect(balancer.read(values)).toBe(values);
  expect(values[accepted]).toBe(1);
});

test('reading while configurations change never mixes them', async () => {
  const { address } = await startEndpoint(serving.echo);
  const config = (count: number) => ({
    listeners: { web: here },
    pools: { api: { endpoints: Array.from({ length: count }, (_, at) => `e${at}=${address}`) } },
  });
  const balancer = await balance(config(1));
  const over = new AbortController();
  const reading = (async () => {
    const seen: { version: number; endpoints: number }[] = [];
    while (!over.signal.aborted) {
      const { version, endpoints } = balancer.counters();
      seen.push({ version, endpoints: Object.keys(endpoints).length });
      await new Promise((resolve) => setImmediate(resolve));
    }
    return seen;
  })();
  for (let count = 2; count <= 30; count++) await balancer.apply(config(count));
  over.abort();
  const seen = await reading;
  expect(seen.length).toBeGreaterThan(10);
  // Version n has n endpoints.
  expect(seen.filter(({ version, endpoints }) => version !== endpoints)).toEqual([]);
});

test('worlds that nobody uses any more are let go', async () => {
  const { address } = await startEndpoint(serving.echo);
  const config = { listeners: { web: here }, pools: { api: { endpoints: [address] } } };
  const balancer = await balance(config);
  for (let count = 0; count < 10; count++) await balancer.apply(config);
  await until(() => balancer.counters().worlds === 1);
});
