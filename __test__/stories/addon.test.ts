// The native addon: that it decodes what TypeScript writes, and what is said when it cannot be loaded.
import * as fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { buildInfo, openEngine, packageVersion } from '../../ts/native.js';
import { encode } from '../../ts/plan/encode.js';
import { configs } from '../support/configs.js';
import { script } from '../support/script.js';

test('it is built from this package', () => {
  expect(buildInfo()).toMatchObject({
    version: packageVersion,
    profile: expect.stringMatching(/quick|release/),
    // Nothing that tests ask for and users must not have.
    features: [],
  });
});

test('it decodes and runs whatever TypeScript compiles', async () => {
  const engine = openEngine();
  onTestFinished(() => void engine.close(0));
  let version = 0;
  let held: ReadonlySet<string> = new Set();
  await fc.assert(
    fc.asyncProperty(configs, async (config) => {
      // Fewer workers would make each plan wait until the sockets of the one before have left.
      const { json, tables, names } = encode(
        compile({ ...config, workers: 2, portable: false }).draft,
        ++version,
        held,
      );
      const answer = await engine.apply(json, tables);
      expect(answer).toMatchObject({ kind: 'applied', version });
      held = names;
      const { length, listeners, routes, pools, endpoints } = engine.index();
      expect(listeners.keys).toEqual(Object.keys(config.listeners).toSorted(byUnit));
      const named = Object.values(config.pools).flatMap((pool) =>
        pool.endpoints.map((endpoint) => nameOf(endpoint)),
      );
      expect(endpoints.keys).toEqual([...new Set(named)].toSorted(byUnit));
      expect(pools.keys).toEqual(Object.keys(config.pools).toSorted(byUnit));
      expect(routes.keys).toHaveLength(config.routes?.length ?? 1);
      expect(engine.read(new Float64Array(length))).toBe(version);
    }),
    { numRuns: 60 },
  );
});

test('a plan that is wrong is refused with its place, and the one before goes on', async () => {
  const engine = openEngine();
  onTestFinished(() => void engine.close(0));
  const { draft } = compile({
    listeners: { web: 'tcp://127.0.0.1:0' },
    pools: { api: { endpoints: [':1'], algorithm: 'round-robin' } },
  });
  const { json, tables } = encode(draft, 1, new Set());
  // The core never got the table, whatever we think that it holds.
  expect(await engine.apply(json, [])).toMatchObject({
    kind: 'refused',
    problems: [{ code: 'plan', message: expect.stringMatching(/^pools\[0\]\.picker\.table: /) }],
  });
  expect(await engine.apply(json, tables)).toMatchObject({ kind: 'applied' });
  expect(await engine.apply(new TextEncoder().encode('{'), [])).toMatchObject({ kind: 'refused' });
  expect(engine.read(new Float64Array(engine.index().length))).toBe(1);
});

const lines = `
  import { createBalancer } from './dist/index.js';
  await createBalancer({ listeners: { web: 'tcp://127.0.0.1:0' }, pools: { api: { endpoints: [':1'] } } })
    .catch(({ code, message, cause }) => console.log(JSON.stringify({ code, message, cause: cause?.message })));
`;

async function without(addon: string): Promise<{ code: string; message: string; cause: string }> {
  const running = script(lines, { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: addon });
  await running.ended;
  return JSON.parse(running.output);
}

test('when it is missing, the error names the package and how to get it', async () => {
  const { code, message, cause } = await without('/nowhere/at/all.node');
  expect(code).toBe('ADDON_MISSING');
  expect(message).toMatch(/npm i @fourseven\/native-[a-z0-9]+-[a-z0-9]+(-[a-z]+)?@\d+\.\d+\.\d+/);
  expect(message).toContain(`${process.platform}-${process.arch}`);
  expect(cause).toMatch(/native binding/);
});

test('when it is broken, the error says why it did not load', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const broken = join(folder, 'broken.node');
  writeFileSync(broken, 'this is no addon');
  const { code, message } = await without(broken);
  expect(code).toBe('ADDON_FAILED');
  expect(message).toContain(broken);
});

const byUnit = (one: string, other: string) => (one < other ? -1 : Number(one > other));

// The grammar writes all endpoints as objects.
const nameOf = (endpoint: string | { name: string }) =>
  typeof endpoint === 'string' ? endpoint : endpoint.name;
