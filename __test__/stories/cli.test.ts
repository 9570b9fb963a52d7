// The command, from its arguments to its exit code.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { emptyFolder } from '../support/folder.js';
import {
  ask,
  dial,
  ending,
  exchange,
  freeAddress,
  isListening,
  serving,
  startEndpoint,
  until,
} from '../support/network.js';
import { Script } from '../support/script.js';

function fourseven(...args: string[]): Script {
  const child = spawn(process.execPath, [at('bin', 'fourseven.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Script(child);
}

async function listensOn(running: Script): Promise<string> {
  const [, address = ''] = await running.says(/^listening on (\S+)$/m);
  return address;
}

test('it says where it listens and where it sends, and does so', async () => {
  const [a, b] = await Promise.all([startEndpoint(serving.name('a')), startEndpoint(serving.name('b'))]);
  const running = fourseven(
    '--listen',
    'tcp://127.0.0.1:0',
    '--to',
    `a=${a.address},b=${b.address}`,
    '--workers',
    '1',
  );
  const address = await listensOn(running);
  await running.says(/^sending to a, b \(two-choices, 1 worker\)$/m);
  expect(await exchange(address, 'who\n')).toMatch(/^[ab]\n$/);
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test('it listens in several places', async () => {
  const { address } = await startEndpoint(serving.echo);
  const running = fourseven(
    '--listen',
    '127.0.0.1:0',
    '--listen=127.0.0.1:0',
    '--to',
    address,
    '--algorithm',
    'round-robin',
  );
  await running.says(/listening on .*\nlistening on .*\nsending to .* \(round-robin, \d+ workers?\)/);
  const found = [...running.output.matchAll(/^listening on (\S+)$/gm)].map(([, address = '']) => address);
  expect(new Set(found).size).toBe(2);
  expect(await Promise.all(found.map((address) => exchange(address, 'hello')))).toEqual(['hello', 'hello']);
  running.process.kill('SIGINT');
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test('a signal lets connections finish', async () => {
  const { address } = await startEndpoint(serving.name('a'));
  const running = fourseven('--listen', '127.0.0.1:0', '--to', address);
  const at = await listensOn(running);
  const socket = await dial(at);
  expect(await ask(socket)).toBe('a');
  running.process.kill('SIGTERM');
  await running.says(/letting 1 connection finish/);
  await until(async () => !(await isListening(at)));
  expect(await ask(socket)).toBe('a');
  socket.end();
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s stops at once', async (signal, code) => {
  const { address } = await startEndpoint(serving.name('a'));
  const running = fourseven('--listen', '127.0.0.1:0', '--to', address);
  const socket = await dial(await listensOn(running));
  expect(await ask(socket)).toBe('a');
  running.process.kill(signal);
  await running.says(/letting 1 connection finish; a second signal stops at once/);
  running.process.kill(signal);
  expect(await running.ended).toEqual({ code, signal: null });
  await ending(socket);
});

test('a log is written, and opened anew on SIGHUP', async () => {
  const { address } = await startEndpoint(serving.echo);
  const folder = emptyFolder('cli-log');
  const [file, old] = [join(folder, 'access.log'), join(folder, 'old.log')];
  const running = fourseven('--listen', '127.0.0.1:0', '--to', address, '--log', file, '--log-format', 'common');
  const at = await listensOn(running);
  await exchange(at, 'hello');
  await until(() => readFileSync(file, 'utf8').endsWith('\n'));
  renameSync(file, old);
  running.process.kill('SIGHUP');
  await until(() => existsSync(file));
  await exchange(at, 'hello');
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect([old, file].map((path) => readFileSync(path, 'utf8').split('\n').length)).toEqual([2, 2]);
});

test('a log has standard output for itself', async () => {
  const { address } = await startEndpoint(serving.echo);
  const running = fourseven('--listen', '127.0.0.1:0', '--to', address, '--log', 'stdout');
  let logged = '';
  running.process.stdout?.on('data', (text: string) => void (logged += text));
  await exchange(await listensOn(running), 'hello');
  await until(() => logged.endsWith('}\n'));
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(JSON.parse(logged)).toMatchObject({ listener: 'listen-1', protocol: 'tcp' });
});

test('a log that cannot be opened anew is told of', async () => {
  const { address } = await startEndpoint(serving.echo);
  const folder = join(emptyFolder('cli-log'), 'gone');
  mkdirSync(folder);
  const running = fourseven('--listen', '127.0.0.1:0', '--to', address, '--log', join(folder, 'access.log'));
  await listensOn(running);
  rmSync(folder, { recursive: true });
  running.process.kill('SIGHUP');
  await running.says(/^fourseven: --log: cannot write to .*access\.log: /m);
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test('what makes no sense is explained, all of it, with code 2', async () => {
  const running = fourseven('--listen', '8080', '--to', 'example.com:80', '--algorithm', 'best');
  expect(await running.ended).toEqual({ code: 2, signal: null });
  expect(running.output.trim().split('\n')).toEqual([
    'fourseven: --listen: 8080 is a port, not an address (write ":8080")',
    'fourseven: --to: "example.com" is a host name, and names are not resolved yet (give the IP address)',
    'fourseven: --algorithm: there is no algorithm "best" (the algorithms are "round-robin" and "two-choices")',
  ]);
});

test('options that do not exist are told, with code 2', async () => {
  const running = fourseven('--lisen', ':80');
  expect(await running.ended).toEqual({ code: 2, signal: null });
  expect(running.output).toMatch(/^fourseven: .*--lisen[^]*See fourseven --help/);
});

test('a port that is taken is told with who has it, with code 1', async () => {
  const { address } = await startEndpoint(serving.echo);
  const running = fourseven('--listen', address, '--to', ':1');
  expect(await running.ended).toEqual({ code: 1, signal: null });
  expect(running.output).toContain(`fourseven: --listen: tcp://${address} is in use by `);
  expect(running.output).toContain(`(pid ${process.pid})`);
  expect(running.output).not.toMatch(/^\s+at /m);
});

test('help and version', async () => {
  const [help, version] = [fourseven('--help'), fourseven('--version')];
  expect([(await help.ended).code, (await version.ended).code]).toEqual([0, 0]);
  expect(help.output).toContain('fourseven --listen tcp://:8080 --to :3001,:3002');
  expect(version.output.trim()).toBe(JSON.parse(readFileSync(at('package.json'), 'utf8')).version);
});

test('the same address twice is told before anything is bound', async () => {
  const address = await freeAddress();
  const running = fourseven('--listen', address, '--listen', address, '--to', ':1');
  expect(await running.ended).toEqual({ code: 2, signal: null });
  expect(running.output).toContain(`--listen: ${address} is the address of another --listen as well`);
});
