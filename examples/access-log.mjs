// A line for each request, as JSON: what came of it, and how long it took.
// Run: node examples/access-log.mjs

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBalancer } from 'fourseven';

const folder = mkdtempSync(join(tmpdir(), 'fourseven-'));
const file = join(folder, 'access.log');
const server = createServer((request, response) => {
  response.writeHead(request.url === '/none' ? 404 : 200).end('hello');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const balancer = await createBalancer({
  listeners: { web: 'http://127.0.0.1:0' },
  pools: { api: { endpoints: [`app=127.0.0.1:${server.address().port}`] } },
  workers: 1, // one after the other: lines of several workers come in batches of each
  accessLog: { to: file, fields: { request: ['user-agent'] } },
});
const { address } = balancer.listeners().web;
for (const path of ['/', '/none']) {
  await (await fetch(address + path, { headers: { 'user-agent': 'example' } })).text();
}
await balancer.close(); // waits until all lines are written
server.close();

for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
  const { method, target, status, endpoint, times, request } = JSON.parse(line);
  console.log(`${request['user-agent']}: ${method} ${target} was ${status} from ${endpoint}`);
  if (!(times.total > 0)) console.log('and took no time?');
}
rmSync(folder, { recursive: true });
