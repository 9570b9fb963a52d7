// HTTP between Node's own clients and servers.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { addressOf, balance, dial, ending, exchange, freeAddress, isListening, readAll, until } from '../support/network.js';
import { Script } from '../support/script.js';

/** A server of this process, and how many connections it has accepted. */
async function startServer(answer: RequestListener): Promise<{ address: string; accepted: () => number }> {
  let accepted = 0;
  const server = createServer(answer).on('connection', () => void accepted++);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, accepted: () => accepted };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('fetch is answered, and the endpoint is told who asks', async () => {
  const server = await startServer((message, response) => {
    response.setHeader('Set-Cookie', ['a=1', 'b=2']).end(JSON.stringify([message.url, message.headers]));
  });
  const balancer = await balance({
    listeners: { web: 'http://127.0.0.1:0' },
    pools: { api: { endpoints: [server.address] } },
    workers: 1,
  });
  const address = balancer.listeners().web?.address ?? '';
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (let round = 0; round < 20; round++) {
    const response = await fetch(`${address}/a/b?c=${round}`);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const [url, headers] = (await response.json()) as [string, Record<string, string>];
    expect(url).toBe(`/a/b?c=${round}`);
    expect(headers).toMatchObject({
      host: address.slice('http://'.length),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      via: expect.stringMatching(/^1\.1 fourseven-[0-9a-f]{8}$/),
    });
  }
  expect(server.accepted()).toBe(1);
  await balancer.close();
});

// Conformance: 28, 29.
test('a path is matched and forwarded in one form, by the policy of its route', async () => {
  const server = await startServer((message, response) => response.end(message.url));
  const balancer = await balance({
    listeners: { web: { address: 'http://127.0.0.1:0', http: { mergeSlashes: true } } },
    pools: { api: { endpoints: [server.address] } },
    routes: [
      { name: 'files', pool: 'api', match: { path: '/files' }, paths: { encodedSlash: 'decode' } },
      { name: 'signed', pool: 'api', match: { path: '/signed' }, paths: { form: 'original', semicolon: 'keep' } },
      { name: 'rest', pool: 'api' },
    ],
  });
  const [, host, port] = /^http:\/\/(.*):(\d+)$/.exec(balancer.listeners().web?.address ?? '') ?? [];
  const ask = async (path: string) => {
    const [message] = (await once(request({ host, port, path }).end(), 'response')) as [IncomingMessage];
    return [message.statusCode, String(await bodyOf(message))];
  };
  expect(await ask('/a/../files//%7Eme/x%2Fy?q=%2F')).toEqual([200, '/files/~me/x/y?q=%2F']);
  expect(await ask('/signed/./..;/%61')).toEqual([200, '/signed/./..;/%61']);
  expect(await ask('/other/%c3%a9/.')).toEqual([200, '/other/%C3%A9/']);
  for (const path of ['/files/..%2Fother', '/signed/%2F', '/other/..;/x', '/other/%5c', '/%c0%ae', '/%zz']) {
    expect(await ask(path)).toEqual([400, '400 Bad Request\n']);
  }
  const { routes } = balancer.counters();
  expect([routes.files?.taken, routes.signed?.taken, routes.rest?.taken]).toEqual([2, 2, 3]);
  await balancer.close();
});

test('bodies of all sizes go both ways, by length and in chunks', async () => {
  const server = await startServer(async (message, response) => {
    const body = await bodyOf(message);
    response.setHeader('X-Sum', sha(body));
    if (message.headers['content-length']) response.setHeader('Content-Length', body.length);
    response.end(body);
  });
  const balancer = await balance({
    listeners: { web: 'http://127.0.0.1:0' },
    pools: { api: { endpoints: [server.address] } },
  });
  const address = balancer.listeners().web?.address ?? '';
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  for (const size of [0, 1, 1000, 65_536, 3_000_000]) {
    for (const chunked of [false, true]) {
      const body = randomBytes(size);
      const headers = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': size };
      const asked = request(`${address}/`, { method: 'POST', agent, headers });
      asked.end(body);
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        asked.on('response', resolve).on('error', reject);
      });
      expect(message.headers['x-sum'], `${size} ${chunked}`).toBe(sha(body));
      expect(sha(await bodyOf(message)), `${size} ${chunked}`).toBe(sha(body));
    }
  }
});

// Conformance: 1.
test('a request that can be understood in two ways is refused', async () => {
  const server = await startServer((_, response) => void response.end());
  const balancer = await balance({
    listeners: { web: 'http://127.0.0.1:0' },
    pools: { api: { endpoints: [server.address] } },
  });
  const address = addressOf(balancer).replace('http:', 'tcp:');
  const smuggled = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG';
  expect(await exchange(address, smuggled)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(server.accepted()).toBe(0);
});

/** Asks for a path of a host; answers the status and the body. */
async function ask(address: string, host: string, path: string, body = ''): Promise<[number, string]> {
  const { hostname, port } = new URL(address);
  const asked = request({ hostname, port, path, method: 'POST', headers: { Host: host }, agent: false });
  // An answer may come before all of the body was sent, and what is left of it fails then.
  asked.on('error', () => {});
  const answered = once(asked, 'response');
  asked.end(body);
  const [message] = (await answered) as [IncomingMessage];
  return [message.statusCode ?? 0, String(await bodyOf(message))];
}

test('requests are routed by host and path, within their limits, and counted', async () => {
  const named = (name: string) =>
    startServer(async (message, response) => {
      await bodyOf(message);
      response.end(name);
    });
  const [api, old, pages] = await Promise.all(['api', 'old', 'pages'].map(named));
  const balancer = await balance({
    listeners: { web: { address: 'http://127.0.0.1:0', http: { limits: { line: 100 } } } },
    pools: {
      api: { endpoints: [`api=${api?.address}`] },
      old: { endpoints: [`old=${old?.address}`] },
      pages: { endpoints: [`pages=${pages?.address}`] },
    },
    routes: [
      { pool: 'pages', match: { host: ['www.example', 'Example.'] } },
      { pool: 'api', match: { host: 'www.example', path: '/api/' }, limits: { body: '1KiB' } },
      { pool: 'old', match: { path: ['/v1', '/v2'] } },
    ],
    workers: 1,
  });
  const address = addressOf(balancer);
  for (const [host, path, want] of [
    ['www.example', '/', 'pages'],
    ['WWW.Example.:8080', '/apis', 'pages'],
    ['example', '/v1', 'pages'],
    ['www.example', '/api', 'api'],
    ['www.example', '/api/users?of=v1', 'api'],
    ['other.example', '/v1', 'old'],
    ['other.example', '/v2/x', 'old'],
  ] as const) {
    expect(await ask(address, host, path), `${host}${path}`).toEqual([200, want]);
  }
  expect((await ask(address, 'other.example', '/v10'))[0]).toBe(404);
  expect(await ask(address, 'www.example', '/api', 'x'.repeat(1024))).toEqual([200, 'api']);
  expect((await ask(address, 'www.example', '/api', 'x'.repeat(1025)))[0]).toBe(413);
  expect(await ask(address, 'www.example', '/', 'x'.repeat(100_000))).toEqual([200, 'pages']);
  expect((await ask(address, 'www.example', `/${'x'.repeat(100)}`))[0]).toBe(414);

  await until(() => balancer.counters().connections === 0);
  const { listeners, routes, pools, endpoints, faults } = balancer.counters();
  const answered = (ok: number, refused: number) => ({ '1xx': 0, '2xx': ok, '3xx': 0, '4xx': refused, '5xx': 0 });
  expect(listeners['web']).toMatchObject({ accepted: 12, responses: answered(9, 3) });
  expect(routes).toMatchObject({
    pages: { taken: 4, responses: answered(4, 0) },
    api: { taken: 4, responses: answered(3, 1) },
    old: { taken: 2, responses: answered(2, 0) },
  });
  expect(Object.keys(routes)).toEqual(['pages', 'api', 'old']);
  expect(pools['old']).toEqual({ requests: 2, retries: 0, retriesDenied: 0 });
  expect(endpoints['pages']).toMatchObject({ picked: 4, reused: 3, responses: answered(4, 0) });
  expect(faults).toMatchObject({ 'no-route': 1, 'body-too-large': 1 });
  const { bounds, counts, sum } = endpoints['pages']?.firstBytes ?? { bounds: [], counts: [], sum: 0 };
  expect(counts.reduce((all, count) => all + count, 0)).toBe(4);
  expect(counts).toHaveLength(bounds.length + 1);
  expect(bounds.at(0)).toBe(0.0001);
  expect(bounds.at(-1)).toBe(60);
  expect(sum).toBeGreaterThan(0);
  expect(routes['pages']?.durations.counts.reduce((all, count) => all + count, 0)).toBe(4);
});

test('an endpoint that is slow or gone is not waited for longer than the route says', async () => {
  const slow = await startServer(() => {});
  const fast = await startServer((_, response) => void response.end('fast'));
  const gone = await freeAddress();
  const balancer = await balance({
    listeners: { web: 'http://127.0.0.1:0' },
    pools: {
      mixed: { endpoints: [`slow=${slow.address}`, `gone=${gone}`, `fast=${fast.address}`], algorithm: 'round-robin' },
      slow: { endpoints: [`slow=${slow.address}`] },
    },
    routes: [
      { pool: 'mixed', timeouts: { try: '100ms' } },
      { name: 'first byte', pool: 'slow', match: { path: '/first-byte' }, timeouts: { firstByte: '100ms' } },
      { name: 'total', pool: 'slow', match: { path: '/total' }, timeouts: { total: '100ms' } },
    ],
    workers: 1,
  });
  const address = balancer.listeners().web?.address ?? '';
  for (let round = 0; round < 3; round++) expect(await (await fetch(`${address}/`)).text()).toBe('fast');
  expect((await fetch(`${address}/first-byte`)).status).toBe(504);
  expect((await fetch(`${address}/total`)).status).toBe(504);
  const { pools, faults } = balancer.counters();
  expect(pools['mixed']?.retries).toBeGreaterThan(0);
  expect(faults).toMatchObject({ 'total-timeout': 1 });
  await balancer.close();
});

/** The command before an endpoint, and where it listens. */
async function command(to: string): Promise<{ running: Script; address: string }> {
  const args = [at('bin', 'fourseven.mjs'), '--listen', 'http://127.0.0.1:0', '--to', to, '--workers', '1'];
  const running = new Script(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  onTestFinished(() => void running.process.kill('SIGKILL'));
  const [, address = ''] = await running.says(/^listening on (\S+)$/m);
  return { running, address };
}

test('the command balances HTTP', async () => {
  const server = await startServer((_, response) => void response.end('hello'));
  const { running, address } = await command(server.address);
  expect(address).toMatch(/^http:/);
  expect(await (await fetch(address)).text()).toBe('hello');
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test('a signal lets a request finish, and ends the connections that wait for one', async () => {
  const held: ServerResponse[] = [];
  const server = await startServer((message, response) => {
    if (message.url === '/wait') held.push(response);
    else response.end('hello');
  });
  const { running, address } = await command(server.address);
  const tcp = address.replace('http:', 'tcp:');
  const [idle, silent, busy] = await Promise.all([dial(tcp), dial(tcp), dial(tcp)]);
  idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(idle, 'data');
  busy.write('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => held.length === 1);
  running.process.kill('SIGTERM');
  await running.says(/letting \d connections? finish/);
  expect(await Promise.all([ending(idle), ending(silent)])).toEqual(['finished', 'finished']);
  await until(async () => !(await isListening(tcp)));
  const heard = readAll(busy);
  held[0]?.end('at last');
  expect(await heard).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*\r\nat last$/);
  // All three have ended, so nothing is left to wait for.
  expect(await running.ended).toEqual({ code: 0, signal: null });
});
