// `node benches/npm-proxies/proxy.mjs http-proxy-3|httpxy shipped|best ENDPOINT_PORT`: a proxy of npm as
// a contender, one process in front of one endpoint. Prints `listening PORT`.
//
// As their READMEs show it: a server of Node's own hands each request to `proxy.web`. Shipped, that is
// all, and then http-proxy-3 opens a connection for each request and tells the client that its own ends,
// too. At their best an agent keeps as many connections to the endpoint as there are requests at a time.
// The job is everybody's: the X-Forwarded fields, and Via. An error that nobody handles ends the process,
// and so the run.

import { Agent, createServer } from 'node:http';

/** Idle connections stay as long as others do, so that what is measured never contains a new one. */
const IDLE_MS = 600_000;

const [name, tuning, port] = process.argv.slice(2);
const { createProxyServer } = await import(name);
const proxy = createProxyServer({
  target: `http://127.0.0.1:${port}`,
  ...(tuning === 'best' && { agent: new Agent({ keepAlive: true }) }),
  xfwd: true,
  headers: { via: `1.1 ${name}` },
});
const server = createServer((request, response) => proxy.web(request, response));
server.keepAliveTimeout = IDLE_MS;
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
