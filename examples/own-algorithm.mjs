// Algorithms of your own: functions from a pool's endpoints to what the core executes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createBalancer, cycle, inflight, least, open } from 'fourseven';

/** Each endpoint as often in turn as its weight says; once where there is none. */
const weighted = (endpoints, { weights }) =>
  cycle(endpoints.flatMap(({ name }, position) => Array(weights[name] ?? 1).fill(position)));

/** The endpoint with the fewest connections, where those under way count three times. */
const calmest = () => least(inflight.times(2).plus(open));

const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
await once(server, 'listening');
const endpoints = ['big', 'small'].map((name) => `${name}=127.0.0.1:${server.address().port}`);

// A configuration is plain data: it names a function and gives it options.
const config = (algorithm) => ({
  listeners: { web: 'tcp://127.0.0.1:0' },
  pools: { app: { endpoints, algorithm } },
  workers: 1,
});
const threeToOne = { name: 'weighted', options: { weights: { big: 3 } } };
const balancer = await createBalancer(config(threeToOne), { algorithms: { weighted, calmest } });

const { port } = new URL(balancer.listeners().web.address);
for (let visit = 0; visit < 8; visit++) await once(connect(Number(port), '127.0.0.1').resume(), 'end');
const { big, small } = balancer.counters().endpoints;
console.log(`big was chosen ${big.picked} times, small ${small.picked} times`);

await balancer.apply(config('calmest'));
await balancer.close();
server.close();
