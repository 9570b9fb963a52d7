// `node benches/peers/fourseven.mjs tcp|http [LOG_FILE] ENDPOINT_PORT`: ours as a contender, one worker in front
// of one endpoint. Prints `build {…}` (how the addon was built), then `listening PORT`.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RELEASE = fileURLToPath(new URL('../../native/release/', import.meta.url));

const files = existsSync(RELEASE) ? readdirSync(RELEASE) : [];
const addons = files.filter((name) => name.endsWith('.node'));
if (addons.length !== 1) {
  console.error(`native/release/ must hold one addon, and holds ${addons.length}: build the release addon first.`);
  process.exit(1);
}
// Read when the addon is loaded, which is why ours is imported only afterwards.
process.env.NAPI_RS_NATIVE_LIBRARY_PATH = join(RELEASE, addons[0]);
const { buildInfo } = await import('../../dist/native.js');
const { createBalancer } = await import('../../dist/index.js');

const [protocol, ...rest] = process.argv.slice(2);
const [port, log] = rest.toReversed();
console.log(`build ${JSON.stringify(buildInfo())}`);
const balancer = await createBalancer({
  listeners: { web: `${protocol}://127.0.0.1:0` },
  pools: { echo: { endpoints: [`127.0.0.1:${port}`] } },
  workers: 1,
  ...(log !== undefined && { accessLog: { to: log, format: 'combined' } }),
});
console.log(`listening ${new URL(balancer.listeners().web.address).port}`);

process.once('SIGTERM', async () => {
  await balancer.close({ drain: 0 });
  process.exit(0);
});
