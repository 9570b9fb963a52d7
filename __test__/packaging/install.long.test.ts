// What is packed can be installed and used, with nothing built and no registry at hand.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { run } from '../../scripts/lib/children.mjs';
import { npm } from '../../scripts/lib/install.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { emptyFolder } from '../support/folder.js';

let project: string;
let before: string;

async function npmRun(cwd: string, ...args: string[]) {
  const [command = '', ...first] = npm();
  const { ok, output } = await run(command, [...first, ...args], { cwd });
  if (!ok) throw new Error(`npm ${args.join(' ')}: ${output}`);
}

const changes = async () => (await run('git', ['status', '--porcelain', '--', 'package.json', 'npm', 'native'])).output;

const node = (...args: string[]) => run(process.execPath, args, { cwd: project });

beforeAll(async () => {
  before = await changes();
  const folder = emptyFolder('install');
  await npmRun(at(), 'run', 'pack', '--', folder);
  project = emptyFolder('project');
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const tarballs = readdirSync(folder).map((name) => join(folder, name));
  // The dependency comes from the work tree: the other platforms' packages are not published, and
  // npm must get along without them.
  const zod = `zod@file:${at('node_modules', 'zod')}`;
  await npmRun(project, 'install', '--offline', '--no-audit', ...tarballs, zod);
}, 1_200_000);

const use = `
  const balancer = await createBalancer({
    listeners: { web: 'tcp://127.0.0.1:0' },
    pools: { all: { endpoints: ['127.0.0.1:9'] } },
  });
  console.log(balancer.listeners().web.address);
  await balancer.close();
`;

test('it is imported, listens and closes', async () => {
  const lines = `import { createBalancer } from 'fourseven'; ${use}`;
  const result = await node('--input-type=module', '--eval', lines);
  expect(result.output).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+\n$/);
  expect(result.ok).toBe(true);
});

test('it can be required', async () => {
  const lines = `const { createBalancer } = require('fourseven'); (async () => { ${use} })();`;
  const result = await node('--input-type=commonjs', '--no-warnings', '--eval', lines);
  expect(result.output).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+\n$/);
});

test('packing leaves the work tree as it was', async () => {
  expect(await changes()).toBe(before);
});

test('the packed addon cannot be made to panic, and does not say where it was built', async () => {
  const scope = join(project, 'node_modules', '@fourseven');
  const packages = readdirSync(scope).map((name) => join(scope, name));
  const files = packages.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  const addon = files.find((file) => file.endsWith('.node')) ?? '';
  const info = await node('--print', `JSON.stringify(require(${JSON.stringify(addon)}).buildInfo())`);
  expect(JSON.parse(info.output)).toMatchObject({ profile: 'release', features: [] });
  const bytes = readFileSync(addon);
  expect(['injected', at(), homedir()].filter((word) => bytes.includes(word))).toEqual([]);
});
