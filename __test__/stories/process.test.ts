// A balancer inside a process of somebody else: its threads come and go with what holds them.
import { availableParallelism } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { openEngine } from '../../ts/native.js';
import { encode } from '../../ts/plan/encode.js';
import { ask, dial, exchange, isListening, serving, startEndpoint } from '../support/network.js';
import { script, type Script } from '../support/script.js';

/** A process that has a balancer to these endpoints as `balancer`, and then does as the lines say. */
function program(endpoints: readonly string[], lines: string): Script {
  const running = script(`
    import { createBalancer } from './dist/index.js';
    const balancer = await createBalancer({
      listeners: { web: 'tcp://127.0.0.1:0' },
      pools: { api: { endpoints: ${JSON.stringify(endpoints)} } },
    });
    const { address } = balancer.listeners().web;
    ${lines}
    // Last, so that whoever reads it knows that the lines have had their say.
    console.log('at', address);
  `);
  onTestFinished(() => void running.process.kill('SIGKILL'));
  return running;
}

async function addressIn(running: Script): Promise<string> {
  const [, address = ''] = await running.says(/^at (\S+)$/m);
  return address;
}

/** Clients that ask again and again until they are stopped, and the slowest answer in milliseconds. */
function load(
  address: string,
  clients: number,
): { stop(): Promise<{ answers: number; slowest: number; failed: unknown[] }> } {
  const over = new AbortController();
  const result = { answers: 0, slowest: 0, failed: [] as unknown[] };
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const began = performance.now();
      try {
        await exchange(address, 'who\n');
        result.answers++;
        result.slowest = Math.max(result.slowest, performance.now() - began);
      } catch (error) {
        result.failed.push(error);
      }
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  const stop = async (): Promise<typeof result> => {
    over.abort();
    await all;
    return result;
  };
  return { stop };
}

describe('the process', () => {
  test('stays alive while the balancer is open, although nobody refers to it any more', async () => {
    const { address } = await startEndpoint(serving.name('a'));
    // Ends by itself only through close(), which a signal asks for.
    const running = program([address], `process.once('SIGTERM', () => balancer.close());`);
    const at = await addressIn(running);
    expect(await exchange(at, 'who\n')).toBe('a\n');
    expect(running.process.exitCode).toBeNull();
    running.process.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: 0, signal: null });
  });

  test('ends when the balancer does not keep it alive', async () => {
    const running = program([':1'], `balancer.unref();`);
    expect(await running.ended).toEqual({ code: 0, signal: null });
  });

  test('stays alive again after ref()', async () => {
    const running = program(
      [':1'],
      `balancer.unref().ref(); process.once('SIGTERM', () => balancer.unref());`,
    );
    await addressIn(running);
    expect(running.process.exitCode).toBeNull();
    running.process.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: 0, signal: null });
  });

  test('finishes what it was asked for, also when the balancer does not keep it alive', async () => {
    const { address } = await startEndpoint(serving.silence);
    const running = program(
      [address],
      `
      balancer.unref();
      const { connect } = await import('node:net');
      const { port } = new URL(balancer.listeners().web.address);
      const socket = connect(port, '127.0.0.1').on('error', () => {}).unref();
      await new Promise((resolve) => socket.once('connect', resolve));
      while (balancer.counters().connections === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      console.log('cut', (await balancer.close({ drain: 200 })).cut);
    `,
    );
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.output).toContain('cut 1');
  });

  test('ends after a refusal: nothing was left running', async () => {
    const running = program(
      [':1'],
      `
      await createBalancer({ listeners: { a: 'tcp://127.0.0.1:0', b: balancer.listeners().web.address }, pools: { p: { endpoints: [':1'] } } })
        .catch((error) => console.log(error.code));
      await balancer.close();
    `,
    );
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.output).toContain('ADDRESS_IN_USE');
  });
});

// Twenty times each, because what is raced here goes wrong only sometimes.
describe.each([
  ['process.exit', 'process.exit(7);', 7],
  ['an uncaught exception', "throw new Error('uncaught');", 1],
  ['an unhandled rejection', "void Promise.reject(new Error('unhandled'));", 1],
])('%s amid traffic', (_, lines, code) => {
  test('ends the process within a second, with the right code, twenty times', async () => {
    const { address } = await startEndpoint(serving.echo);
    for (let time = 0; time < 20; time++) {
      const running = program([address], `process.once('SIGUSR2', () => { ${lines} });`);
      const at = await addressIn(running);
      const sockets = await Promise.all(Array.from({ length: 8 }, () => dial(at)));
      for (const socket of sockets) socket.pipe(socket);
      await Promise.all(sockets.map((socket) => ask(socket, 'x'.repeat(1000))));
      const began = performance.now();
      running.process.kill('SIGUSR2');
      expect(await running.ended).toEqual({ code, signal: null });
      expect(performance.now() - began).toBeLessThan(1000);
      for (const socket of sockets) socket.destroy();
    }
  });
});

test('worker threads with a balancer may be terminated amid traffic, twenty times', async () => {
  const { address } = await startEndpoint(serving.echo);
  const running = script(`
    import { once } from 'node:events';
    import { connect } from 'node:net';
    import { Worker } from 'node:worker_threads';
    const lines = \`
      import { parentPort } from 'node:worker_threads';
      import { createBalancer } from '${new URL('../../dist/index.js', import.meta.url).href}';
      const balancer = await createBalancer({ listeners: { web: 'tcp://127.0.0.1:0' }, pools: { p: { endpoints: ['${address}'] } } });
      parentPort.postMessage(balancer.listeners().web.address);
    \`;
    for (let time = 0; time < 20; time++) {
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(lines)));
      const [at] = await once(worker, 'message');
      const sockets = Array.from({ length: 8 }, () => connect(new URL(at).port, '127.0.0.1').on('error', () => {}));
      await Promise.all(sockets.map(async (socket) => { socket.write('hello'); await once(socket, 'data'); socket.pipe(socket); }));
      await worker.terminate();
      for (const socket of sockets) socket.destroy();
      const gone = await once(connect(new URL(at).port, '127.0.0.1'), 'connect').then(() => false, () => true);
      if (!gone) throw new Error('it listens although its thread has ended');
      console.log('terminated', time);
    }
  `);
  onTestFinished(() => void running.process.kill('SIGKILL'));
  const { code, signal } = await running.ended;
  expect({ code, signal, output: running.output }).toMatchObject({ code: 0, signal: null });
  expect(running.output.match(/terminated/g)).toHaveLength(20);
});

test('ten seconds in which JavaScript is blocked disturb nobody', async () => {
  const { address } = await startEndpoint(serving.name('a'));
  const running = program(
    [address],
    `
    process.once('SIGUSR2', () => {
      console.log('blocked');
      const end = Date.now() + 10_000;
      while (Date.now() < end);
      console.log('free');
    });
  `,
  );
  const at = await addressIn(running);
  const before = await dial(at);
  expect(await ask(before)).toBe('a');
  running.process.kill('SIGUSR2');
  await running.says(/blocked/);
  const clients = load(at, 4);
  await running.says(/free/);
  const { answers, slowest, failed } = await clients.stop();
  expect(failed).toEqual([]);
  expect(answers).toBeGreaterThan(100);
  // A machine with few processors shares them with the loop above.
  expect(slowest).toBeLessThan(availableParallelism() > 2 ? 500 : 1500);
  expect(await ask(before)).toBe('a');
}, 30_000);

test.runIf(process.platform === 'linux')(
  'plans are decoded on another thread than JavaScript runs on',
  async () => {
    const { draft } = compile({
      listeners: { web: 'tcp://127.0.0.1:0' },
      pools: { api: { endpoints: [':1'] } },
    });
    const { json, tables } = encode(draft, 1, new Set());
    const engine = openEngine();
    onTestFinished(() => void engine.close(0));
    const answer = await engine.apply(json, tables);
    expect(answer).toMatchObject({ kind: 'applied', decodedOn: expect.any(Number) });
    // On Linux the first thread has the number of its process.
    expect(answer.kind === 'applied' && answer.decodedOn).not.toBe(process.pid);
  },
);

test('an address is free again after its process was killed', async () => {
  const { address } = await startEndpoint(serving.echo);
  const running = program([address], '');
  const at = await addressIn(running);
  running.process.kill('SIGKILL');
  await running.ended;
  expect(await isListening(at)).toBe(false);
});
