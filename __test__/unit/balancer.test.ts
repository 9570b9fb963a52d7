// The balancer over an engine without sockets: order, refusals, counters, closing.
import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { type Balancer, startBalancer } from '../../ts/balancer.js';
import { compile } from '../../ts/compile/compile.js';
import type { Config } from '../../ts/config/types.js';
import type { Problem } from '../../ts/native.js';
import { FakeEngine } from '../support/fake-engine.js';

function config(
  listeners: Config['listeners'] = { web: ':0' },
  endpoints = [':1'],
  more: Partial<Config> = {},
): Config {
  return { listeners, pools: { api: { endpoints, algorithm: 'round-robin' } }, ...more };
}

function problem(code: Problem['code'], more: Partial<Problem> = {}): Problem {
  return { code, listener: null, address: null, message: 'why', holder: null, ...more };
}

const started: Balancer[] = [];

async function start(engine: FakeEngine, from: Config = config()): Promise<Balancer> {
  const balancer = await startBalancer(engine, compile(from));
  started.push(balancer);
  return balancer;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((balancer) => balancer.close()));
});

/** A promise and the function that resolves it. */
function gate(): { closed: Promise<unknown>; open: () => void } {
  const door = new EventEmitter();
  return { closed: once(door, 'open'), open: () => door.emit('open') };
}

describe('starting', () => {
  test('gives the addresses that were bound', async () => {
    const balancer = await start(new FakeEngine(), config({ web: ':0', adm: ':0' }));
    expect(balancer.listeners()).toEqual({
      adm: { address: 'tcp://127.0.0.1:1000' },
      web: { address: 'tcp://127.0.0.1:1001' },
    });
  });

  test('that is refused leaves nothing running', async () => {
    const engine = new FakeEngine();
    engine.answers.push({
      kind: 'refused',
      problems: [
        problem('address-in-use', { listener: 'web', address: 'tcp://[::]:80', holder: 'nginx (pid 12)' }),
        problem('listen', { listener: 'a.b', address: 'tcp://9.9.9.9:80', message: 'no such address' }),
      ],
    });
    await expect(start(engine)).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      issues: [
        {
          path: 'listeners.web',
          code: 'ADDRESS_IN_USE',
          message: 'tcp://[::]:80 is in use by nginx (pid 12)',
        },
        {
          path: 'listeners["a.b"]',
          code: 'LISTEN_FAILED',
          message: 'cannot listen on tcp://9.9.9.9:80: no such address',
        },
      ],
    });
    expect(engine.closes).toEqual([0]);
  });

  test('that fails for a reason of the engine leaves nothing running', async () => {
    const engine = new FakeEngine();
    engine.answers.push(new Error('a bug'));
    await expect(start(engine)).rejects.toThrow('a bug');
    expect(engine.closes).toEqual([0]);
  });
});

describe('what the core refuses', () => {
  test.each<[string, Problem, object]>([
    [
      'an address in use',
      problem('address-in-use', { listener: 'web' }),
      { code: 'ADDRESS_IN_USE', issues: [{ message: 'the address is in use by another program' }] },
    ],
    [
      'workers',
      problem('workers'),
      { code: 'WORKERS_FAILED', issues: [{ path: 'workers', message: 'why' }] },
    ],
    [
      'the log',
      problem('log', { message: '/var/log/x: Permission denied' }),
      { code: 'LOG_FAILED', issues: [{ path: 'accessLog', message: 'cannot write to /var/log/x: Permission denied' }] },
    ],
    [
      'a part of the log',
      problem('plan', { message: 'accessLog.parts: are more than 200' }),
      { issues: [{ path: 'accessLog' }] },
    ],
    [
      'a pool',
      problem('plan', { message: 'pools[0].picker.table: is empty' }),
      { code: 'PLAN_REFUSED', issues: [{ path: 'pools.api' }] },
    ],
    [
      'an endpoint',
      problem('plan', { message: 'endpoints[1].addresses: is empty' }),
      { code: 'PLAN_REFUSED', issues: [{ path: 'pools.api.endpoints[0]' }] },
    ],
    [
      'a route',
      problem('plan', { message: 'routes[0].pool: 7 is not among the 1 there are' }),
      { code: 'PLAN_REFUSED', issues: [{ path: 'routes[0]' }] },
    ],
    [
      'a rule',
      problem('plan', { message: 'rules[0].path: is no list of segments' }),
      { code: 'PLAN_REFUSED', issues: [{ path: 'routes[0]' }] },
    ],
    [
      'the workers of the plan',
      problem('plan', { message: 'engine.workers: is not from 1 to 1024' }),
      { issues: [{ path: 'workers' }] },
    ],
    [
      'the whole',
      problem('plan', { message: 'plan: format 2 is not 1' }),
      { issues: [{ path: '', message: 'plan: format 2 is not 1' }] },
    ],
  ])('is told where the user wrote it: %s', async (_, refused, error) => {
    const engine = new FakeEngine();
    engine.answers.push({ kind: 'refused', problems: [refused] });
    await expect(start(engine, config({ web: ':0' }, ['b=:1', 'a=:2']))).rejects.toMatchObject(error);
  });
});

describe('applying', () => {
  test('counts versions up and sends only tables that the core does not hold', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    await balancer.apply(config({ web: ':0', more: ':0' }));
    const applied = await balancer.apply(config({ web: ':0' }, [':1', ':2']));
    expect(applied).toEqual({
      version: 3,
      workers: 2,
      listeners: { web: { address: 'tcp://127.0.0.1:1000' } },
    });
    expect(engine.given.map(({ plan, tables }) => [plan.version, tables.length])).toEqual([
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
  });

  test('what is refused changes nothing: listeners and held tables stay', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    engine.answers.push({ kind: 'refused', problems: [problem('listen', { listener: 'web' })] });
    await expect(balancer.apply(config({ other: ':0' }, [':1', ':2']))).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    });
    expect(Object.keys(balancer.listeners())).toEqual(['web']);
    await balancer.apply(config({ web: ':0' }, [':1', ':2']));
    await balancer.apply(config());
    expect(engine.given.map(({ tables }) => tables.length)).toEqual([1, 1, 1, 1]);
  });

  test('calls at the same time are carried out in their order, one after another', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    const { closed, open } = gate();
    engine.gate = closed;
    const all = Promise.all(
      [[':1', ':2'], [':1', ':2'], [':3']].map((endpoints) =>
        balancer.apply(config({ web: ':0' }, endpoints)),
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.given).toHaveLength(2);
    open();
    expect((await all).map(({ version }) => version)).toEqual([2, 3, 4]);
    // The second one knew of the table that the first one brought.
    expect(engine.given.map(({ tables }) => tables.length)).toEqual([1, 1, 0, 1]);
  });

  test('a refusal does not hold up those behind it', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    engine.answers.push({ kind: 'refused', problems: [problem('workers')] });
    const [refused, applied] = await Promise.allSettled([balancer.apply(config()), balancer.apply(config())]);
    expect([refused.status, applied.status]).toEqual(['rejected', 'fulfilled']);
  });

  test('takes the configuration as it is at the call', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    const endpoints = [':1'];
    const applying = balancer.apply(config({ web: ':0' }, endpoints));
    endpoints.push(':2');
    await applying;
    expect(engine.given[1]?.plan.endpoints).toHaveLength(1);
  });

  test('a wrong configuration never reaches the core', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    await expect(balancer.apply(config({ web: 'x' }))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(engine.given).toHaveLength(1);
  });
});

/** What the fake engine counts from this position on. */
function responses(at: number) {
  return { '1xx': at, '2xx': at + 1, '3xx': at + 2, '4xx': at + 3, '5xx': at + 4 };
}

function histogram(at: number) {
  return { bounds: [0.5, 2], counts: [at, at + 1, at + 2], sum: (at + 3) / 1e6 };
}

test('the log is opened anew by an open balancer', async () => {
  const engine = new FakeEngine();
  const balancer = await start(engine);
  await balancer.reopenLog();
  expect(engine.reopened).toBe(1);
  engine.unopened = '/var/log/x: No such file or directory';
  await expect(balancer.reopenLog()).rejects.toMatchObject({
    code: 'LOG_FAILED',
    issues: [{ path: 'accessLog', message: 'cannot write to /var/log/x: No such file or directory' }],
  });
  await balancer.close();
  await expect(balancer.reopenLog()).rejects.toMatchObject({ code: 'CLOSED' });
});

describe('counters', () => {
  test('are nested by name in the order in which they lie', async () => {
    const balancer = await start(new FakeEngine(), config({ web: ':0' }, ['b=:1', 'a=:2']));
    expect(balancer.counters()).toEqual({
      version: 1,
      worlds: 1,
      workers: 2,
      connections: 3,
      log: { written: 4, dropped: 5 },
      listeners: {
        web: { accepted: 6, open: 7, bytesIn: 8, bytesOut: 9, requests: 10, responses: responses(11) },
      },
      routes: { api: { taken: 16, responses: responses(17), durations: histogram(22) } },
      pools: { api: { requests: 26, retries: 27, retriesDenied: 28 } },
      endpoints: {
        a: {
          picked: 29,
          open: 30,
          inflight: 31,
          failed: 32,
          bytesSent: 33,
          bytesReceived: 34,
          reused: 35,
          responses: responses(36),
          firstBytes: histogram(41),
        },
        b: expect.objectContaining({ picked: 45, reused: 51, firstBytes: histogram(57) }),
      },
      faults: { 'connect-refused': 61, 'idle-timeout': 62 },
    });
  });

  test('of a core that does not count something say 0', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    const index = engine.index();
    const less = { ...index, pools: { ...index.pools, fields: ['requests'] } };
    engine.index = () => less;
    expect(balancer.counters().pools).toEqual({ api: { requests: 26, retries: 0, retriesDenied: 0 } });
  });

  test('are copied into the array of the caller, while it is long enough', async () => {
    const balancer = await start(new FakeEngine());
    const { length } = balancer.index();
    const mine = new Float64Array(length + 5);
    expect(balancer.read(mine)).toBe(mine);
    expect(mine[0]).toBe(1);
    const short = new Float64Array(length - 1);
    const other = balancer.read(short);
    expect(other).not.toBe(short);
    expect(other).toHaveLength(length);
  });

  test('follow a plan with more to count', async () => {
    const balancer = await start(new FakeEngine());
    const before = balancer.read();
    balancer.counters();
    await balancer.apply(config({ web: ':0', adm: ':0' }, [':1', ':2', ':3']));
    expect(balancer.read(before)).toHaveLength(balancer.index().length);
    expect(balancer.index().version).toBe(2);
    expect(Object.keys(balancer.counters().endpoints)).toEqual([':1', ':2', ':3']);
    await balancer.apply(config());
    expect(Object.keys(balancer.counters().endpoints)).toEqual([':1']);
    expect(balancer.counters().version).toBe(3);
  });
});

describe('closing', () => {
  test('drains for the time of the last configuration, or for the one given', async () => {
    const engines = [new FakeEngine(), new FakeEngine(), new FakeEngine()] as const;
    const [one, two, three] = await Promise.all(
      engines.map((engine) => start(engine, config({ web: ':0' }, [':1'], { drain: '7s' }))),
    );
    await one?.close();
    await two?.close({ drain: '1m' });
    await three?.apply(config());
    await three?.[Symbol.asyncDispose]();
    expect(engines.map(({ closes }) => closes)).toEqual([[7_000], [60_000], [30_000]]);
  });

  test('twice is once', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    const [first, second] = await Promise.all([balancer.close(), balancer.close({ drain: 0 })]);
    expect(second).toBe(first);
    expect(engine.closes).toEqual([30_000]);
    expect(await balancer.close()).toEqual({ cut: 0 });
  });

  test('for a time that is none is refused, and nothing is closed', async () => {
    const balancer = await start(new FakeEngine());
    await expect(balancer.close({ drain: '5x' as '5s' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      issues: [{ path: 'drain', code: 'BAD_DURATION' }],
    });
    expect(balancer.listeners()).toHaveProperty('web');
  });

  test('then everything else says so', async () => {
    const balancer = await start(new FakeEngine());
    await balancer.close();
    const closed = expect.objectContaining({ code: 'CLOSED' });
    await expect(balancer.apply(config())).rejects.toEqual(closed);
    expect(() => balancer.listeners()).toThrow(closed);
    expect(() => balancer.read()).toThrow(closed);
    expect(() => balancer.index()).toThrow(closed);
    expect(() => balancer.counters()).toThrow(closed);
    expect(() => balancer.ref()).toThrow(closed);
    expect(() => balancer.unref()).toThrow(closed);
  });

  test('waits for what is being applied, and refuses what comes later', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    const { closed, open } = gate();
    engine.gate = closed;
    const before = balancer.apply(config());
    const waiting = balancer.apply(config());
    await new Promise((resolve) => setImmediate(resolve));
    const closing = balancer.close();
    const after = balancer.apply(config());
    await expect(after).rejects.toMatchObject({ code: 'CLOSED' });
    expect(balancer.counters().version).toBe(1);
    open();
    await expect(before).resolves.toMatchObject({ version: 2 });
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    expect(engine.given).toHaveLength(2);
  });

  test('an engine that closed by itself is told as closed', async () => {
    const engine = new FakeEngine();
    const balancer = await start(engine);
    engine.answers.push({ kind: 'closed' });
    await expect(balancer.apply(config())).rejects.toMatchObject({ code: 'CLOSED' });
    engine.isClosed = true;
    expect(() => balancer.read()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});
