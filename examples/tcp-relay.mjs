// Two servers behind one address.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createBalancer } from 'fourseven';

// What is balanced: two servers that say their name and hang up.
const serve = (name) => createServer((socket) => socket.end(name)).listen(0, '127.0.0.1');
const servers = ['ash', 'birch'].map(serve);
await Promise.all(servers.map((server) => once(server, 'listening')));
const [ash, birch] = servers.map((server) => `127.0.0.1:${server.address().port}`);

const balancer = await createBalancer({
  listeners: { web: 'tcp://127.0.0.1:0' }, // Port 0 takes a free one; 'tcp://:8080' would be usual.
  pools: { trees: { endpoints: [`ash=${ash}`, `birch=${birch}`], algorithm: 'round-robin' } },
  timeouts: { connect: '2s', idle: '1m' },
});
const { address } = balancer.listeners().web;
console.log(`listening on ${address}`);

for (let visit = 1; visit <= 4; visit++) {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  for await (const name of socket.setEncoding('utf8')) console.log(`visit ${visit} met ${name}`);
}
for (const [name, { picked }] of Object.entries(balancer.counters().endpoints)) {
  console.log(`${name} was chosen ${picked} times`);
}

await balancer.close();
for (const server of servers) server.close();
