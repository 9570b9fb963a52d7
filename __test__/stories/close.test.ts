// Closing lets connections finish, and cuts those that do not.
import { expect, test } from 'vitest';
import { createBalancer } from '../../ts/balancer.js';
import {
  addressOf,
  ask,
  balance,
  dial,
  ending,
  exchange,
  isListening,
  serving,
  startEndpoint,
  until,
} from '../support/network.js';

const here = 'tcp://127.0.0.1:0';

test('open connections finish, new ones are refused', async () => {
  const { address } = await startEndpoint(serving.name('a'));
  const balancer = await balance({ listeners: { web: here }, pools: { api: { endpoints: [address] } } });
  const at = addressOf(balancer);
  const socket = await dial(at);
  expect(await ask(socket)).toBe('a');
  const closing = balancer.close({ drain: '10s' });
  await until(async () => !(await isListening(at)));
  expect(await ask(socket)).toBe('a');
  // What drains can still be watched.
  expect(balancer.counters().connections).toBe(1);
  socket.end();
  expect(await closing).toEqual({ cut: 0 });
});

test('what has not finished within the time is cut, and counted', async () => {
  const endpoint = await startEndpoint(serving.name('a'));
  const balancer = await balance({
    listeners: { web: here },
    pools: { api: { endpoints: [endpoint.address] } },
  });
  const sockets = await Promise.all([1, 2, 3].map(() => dial(addressOf(balancer))));
  await Promise.all(sockets.map((socket) => ask(socket)));
  expect(await balancer.close({ drain: '50ms' })).toEqual({ cut: 3 });
  await Promise.all(sockets.map(ending));
  await until(() => endpoint.sockets.size === 0);
});

test('without connections it takes no time', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await balance({ listeners: { web: here }, pools: { api: { endpoints: [address] } } });
  await exchange(addressOf(balancer), 'x');
  const began = performance.now();
  await balancer.close();
  expect(performance.now() - began).toBeLessThan(1000);
});

test('the port is free at once for another balancer', async () => {
  const { address } = await startEndpoint(serving.echo);
  const pools = { api: { endpoints: [address] } };
  const first = await createBalancer({ listeners: { web: here }, pools });
  const at = addressOf(first);
  await exchange(at, 'x');
  await first.close();
  const second = await balance({ listeners: { web: at }, pools });
  expect(await exchange(addressOf(second), 'again')).toBe('again');
});

test('many balancers come and go in one process', async () => {
  const { address } = await startEndpoint(serving.echo);
  const pools = { api: { endpoints: [address] } };
  for (let count = 0; count < 20; count++) {
    const balancers = await Promise.all(
      [1, 2].map(() => createBalancer({ listeners: { web: here }, pools })),
    );
    await Promise.all(balancers.map((balancer) => exchange(addressOf(balancer), 'x')));
    await Promise.all(balancers.map((balancer) => balancer.close({ drain: 0 })));
  }
  expect(process.listeners('exit').filter((listener) => String(listener).includes('shutdown'))).toHaveLength(
    1,
  );
});

test('a symbol closes it, as `await using` does', async () => {
  const { address } = await startEndpoint(serving.echo);
  const balancer = await createBalancer({
    listeners: { web: here },
    pools: { api: { endpoints: [address] } },
  });
  const at = addressOf(balancer);
  await balancer[Symbol.asyncDispose]();
  expect(await isListening(at)).toBe(false);
});
