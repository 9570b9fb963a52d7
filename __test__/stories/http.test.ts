// HTTP between Node's own clients and servers.
import { createHash, randomBytes } from 'node:crypto';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { addressOf, balance, dial, ending, exchange, isListening, readAll, until } from '../support/network.js';
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
