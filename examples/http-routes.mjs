// Requests go where their host and path say.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createBalancer } from 'fourseven';

// What is balanced: two servers that say their name and what they were asked for.
const serve = (name) => createServer(({ url }, answer) => answer.end(`${name} has ${url}`)).listen(0, '127.0.0.1');
const servers = ['pages', 'api'].map(serve);
await Promise.all(servers.map((server) => once(server, 'listening')));
const [pages, api] = servers.map((server) => `127.0.0.1:${server.address().port}`);

const balancer = await createBalancer({
  listeners: { web: 'http://127.0.0.1:0' },
  pools: { pages: { endpoints: [`pages=${pages}`] }, api: { endpoints: [`api=${api}`] } },
  routes: [
    { pool: 'pages', match: { host: ['shop.example', 'www.shop.example'] } },
    // The longer path goes first, wherever it stands.
    { pool: 'api', match: { host: 'shop.example', path: '/api/v2' }, limits: { body: '1MiB' } },
  ],
});

async function ask(host, path) {
  const { hostname, port } = new URL(balancer.listeners().web.address);
  const asked = request({ hostname, port, path, headers: { host }, agent: false }).end();
  const [answer] = await once(asked, 'response');
  console.log(`${host}${path}: ${String(await answer.reduce((so, more) => so + more, '')).trim()}`);
}
await ask('shop.example', '/apples');
await ask('shop.example', '/api/v2/apples');
await ask('shop.example', '/api/v20');
await ask('www.shop.example', '/api/v2/apples');
await ask('other.example', '/');

const { responses } = balancer.counters().routes.pages;
console.log(`the pages answered ${responses['2xx']} requests`);
await balancer.close();
for (const server of servers) server.close();
