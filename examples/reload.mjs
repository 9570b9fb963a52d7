// Another configuration takes over; connections that are open stay where they are.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createBalancer } from 'fourseven';

async function serve(name) {
  const server = createServer((socket) => socket.on('data', () => socket.write(name)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, endpoint: `${name}=127.0.0.1:${server.address().port}` };
}
const [old, young] = await Promise.all([serve('old'), serve('young')]);

const config = (endpoint) => ({
  listeners: { web: 'tcp://127.0.0.1:0' },
  pools: { app: { endpoints: [endpoint] } },
  drain: '10s', // How long connections to an endpoint that is gone may go on.
});
const balancer = await createBalancer(config(old.endpoint));
const { port } = new URL(balancer.listeners().web.address);

async function ask(socket) {
  socket.write('who?');
  return String(await once(socket, 'data'));
}
const before = connect(Number(port), '127.0.0.1');
console.log('an old connection:', await ask(before));

await balancer.apply(config(young.endpoint));
const after = connect(Number(port), '127.0.0.1');
console.log('a new connection:', await ask(after));
console.log('the old one:', await ask(before));

await balancer.apply({ listeners: {}, pools: {} }).catch(({ code }) => console.log('refused:', code));

for (const socket of [before, after]) socket.end();
await balancer.close();
for (const { server } of [old, young]) server.close();
