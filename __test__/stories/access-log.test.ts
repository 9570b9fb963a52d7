// The access log over the real engine: files, formats, rotation, counters, and what is refused.
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBalancer } from '../../ts/balancer.js';
import type { AccessLogConfig } from '../../ts/config/types.js';
import { emptyFolder } from '../support/folder.js';
import { addressOf, balance, exchange, startEndpoint, until } from '../support/network.js';

/** An endpoint that answers each connection's request with four bytes. */
async function startWeb(): Promise<string> {
  const { address } = await startEndpoint((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nETag: "7"\r\nContent-Length: 4\r\n\r\nfour'));
    socket.on('end', () => socket.end());
  });
  return address;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a.example\r\nUser-Agent: me\r\nConnection: close\r\n\r\n`;

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);

async function logging(log: Omit<AccessLogConfig, 'to'>, file: string) {
  const endpoint = await startWeb();
  return balance({
    listeners: { web: 'http://127.0.0.1:0', quiet: { address: 'http://127.0.0.1:0', log: false } },
    pools: { api: { endpoints: [`app=${endpoint}`] } },
    workers: 1,
    accessLog: { to: file, ...log },
  });
}

test('a line of JSON says what came of a request, and is counted', async () => {
  const file = join(emptyFolder('log'), 'access.log');
  const balancer = await logging({ fields: { request: ['User-Agent'], response: ['etag', 'x-none'] } }, file);
  await exchange(addressOf(balancer, 'quiet'), get('/unheard'));
  await exchange(addressOf(balancer), get('/one?two'));
  await until(() => balancer.counters().log.written === 1);
  const { listeners, log } = balancer.counters();
  const [line = '', ...others] = linesOf(file);
  expect(others).toEqual([]);
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    client: '127.0.0.1',
    listener: 'web',
    protocol: 'HTTP/1.1',
    route: 'api',
    pool: 'api',
    endpoint: 'app',
    method: 'GET',
    host: 'a.example',
    target: '/one?two',
    status: 200,
    bytesIn: listeners.web?.bytesIn,
    bytesOut: listeners.web?.bytesOut,
    bodyOut: 4,
    tries: 1,
    reused: true,
    fault: null,
    traceId: null,
    requestId: null,
    times: {
      head: expect.any(Number),
      queue: 0,
      connect: null,
      firstByte: expect.any(Number),
      total: expect.any(Number),
    },
    request: { 'user-agent': 'me' },
    response: { etag: '"7"', 'x-none': null },
  });
  expect(log).toEqual({ written: 1, dropped: 0 });
});

test.each([
  ['common', /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/x HTTP\/1\.1" 200 4$/],
  ['combined', /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/x HTTP\/1\.1" 200 4 "-" "me"$/],
  [{ template: '{{{route}}} {method} {target} {status}ms {response.etag}' }, /^\{api\} GET \/x 200ms \\x227\\x22$/],
] as const)('a line in the format %j', async (format, line) => {
  const file = join(emptyFolder('log'), 'access.log');
  const balancer = await logging({ format }, file);
  await exchange(addressOf(balancer), get('/x'));
  await balancer.close();
  expect(linesOf(file)).toEqual([expect.stringMatching(line)]);
});

test('a file that was moved away is opened anew', async () => {
  const folder = emptyFolder('log');
  const [file, old] = [join(folder, 'access.log'), join(folder, 'old.log')];
  const balancer = await logging({ format: { template: '{target}' } }, file);
  await exchange(addressOf(balancer), get('/one'));
  await until(() => balancer.counters().log.written === 1);
  renameSync(file, old);
  await balancer.reopenLog();
  await exchange(addressOf(balancer), get('/two'));
  await balancer.close();
  expect([linesOf(old), linesOf(file)]).toEqual([['/one'], ['/two']]);
});

test('a file that cannot be opened anew is told of, and lines wait until it can', async () => {
  const folder = join(emptyFolder('log'), 'gone');
  const file = join(folder, 'access.log');
  mkdirSync(folder);
  const balancer = await logging({ format: { template: '{target}' } }, file);
  rmSync(folder, { recursive: true });
  await expect(balancer.reopenLog()).rejects.toMatchObject({
    code: 'LOG_FAILED',
    issues: [{ path: 'accessLog', message: expect.stringContaining(`cannot write to ${file}: `) }],
  });
  await exchange(addressOf(balancer), get('/kept'));
  mkdirSync(folder);
  await balancer.reopenLog();
  await until(() => balancer.counters().log.written === 1);
  expect(linesOf(file)).toEqual(['/kept']);
});

test('a log that cannot be written is refused with its place', async () => {
  const config = { listeners: { web: 'http://127.0.0.1:0' }, pools: { api: { endpoints: [':1'] } } };
  const to = join(emptyFolder('log'), 'none', 'access.log');
  await expect(createBalancer({ ...config, accessLog: to })).rejects.toMatchObject({
    code: 'LOG_FAILED',
    issues: [{ path: 'accessLog', code: 'LOG_FAILED', message: expect.stringContaining(`cannot write to ${to}: `) }],
  });
});
