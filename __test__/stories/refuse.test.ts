// What cannot be served is refused as a whole, with every reason.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { createBalancer } from '../../ts/balancer.js';
import type { Config } from '../../ts/config/types.js';
import {
  addressOf,
  balance,
  exchange,
  freeAddress,
  isListening,
  serving,
  startEndpoint,
} from '../support/network.js';

const pools = { api: { endpoints: [':1'] } };

/** Someone of this process who has a port. */
async function taken(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a configuration that is wrong is refused with everything that is wrong', async () => {
  const wrong = { listeners: { web: 'tcp://:80x' }, pools: { api: { endpoints: [] } }, workers: 0 };
  await expect(createBalancer(wrong)).rejects.toMatchObject({
    name: 'FoursevenError',
    code: 'CONFIG_INVALID',
    issues: [
      { path: 'listeners.web', code: 'BAD_ADDRESS' },
      { path: 'pools.api.endpoints', code: 'NO_ENDPOINTS' },
      { path: 'workers', code: 'OUT_OF_RANGE' },
    ],
  });
});

test('a port that this very process has is told so', async () => {
  const address = await taken();
  await expect(createBalancer({ listeners: { web: address }, pools })).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    issues: [
      { path: 'listeners.web', code: 'ADDRESS_IN_USE', message: `${address} is in use by this process` },
    ],
  });
});

test('a port that another balancer of this process has is told so, per worker too', async () => {
  const first = await balance({ listeners: { web: 'tcp://127.0.0.1:0' }, pools });
  const address = addressOf(first);
  await expect(createBalancer({ listeners: { web: address }, pools })).rejects.toMatchObject({
    issues: [{ code: 'ADDRESS_IN_USE', message: `${address} is in use by this process` }],
  });
});

test.runIf(process.platform === 'linux')(
  'a port that another program has is told with its name',
  async () => {
    const lines =
      "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
    const other = spawn(process.execPath, ['-e', lines], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void other.kill('SIGKILL'));
    const [port] = (await once(createInterface(other.stdout), 'line')) as [string];
    await expect(createBalancer({ listeners: { web: `127.0.0.1:${port}` }, pools })).rejects.toMatchObject({
      issues: [
        { code: 'ADDRESS_IN_USE', message: expect.stringMatching(`in use by node \\(pid ${other.pid}\\)`) },
      ],
    });
  },
);

test('every listener that cannot be had is told, and those that could be are given back', async () => {
  const [one, two, fine] = await Promise.all([taken(), taken(), freeAddress()]);
  const listeners: Config['listeners'] = {
    fine,
    one,
    two: { address: two, accept: 'hand-off' },
    // An address that is kept for documentation, so no machine has it.
    far: '192.0.2.1:80',
  };
  await expect(createBalancer({ listeners, pools })).rejects.toMatchObject({
    issues: expect.arrayContaining([
      expect.objectContaining({ path: 'listeners.one', code: 'ADDRESS_IN_USE' }),
      expect.objectContaining({ path: 'listeners.two', code: 'ADDRESS_IN_USE' }),
      expect.objectContaining({ path: 'listeners.far', code: 'LISTEN_FAILED' }),
    ]),
  });
  expect(await isListening(fine)).toBe(false);
});

test('nothing is left after a refusal: the same port serves once the mistake is mended', async () => {
  const address = await freeAddress();
  const endpoint = await startEndpoint(serving.echo);
  const other = await taken();
  const listeners = { web: address, other };
  await expect(createBalancer({ listeners, pools })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  const balancer = await balance({
    listeners: { web: address },
    pools: { api: { endpoints: [endpoint.address] } },
  });
  expect(await exchange(addressOf(balancer), 'hello')).toBe('hello');
});
