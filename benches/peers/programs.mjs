// Where the programs are that the harness starts: its own, and those of the distribution.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Refusal } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A distribution's folders for servers are not on every user's PATH. */
const PATH = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

const MISSING = 'it is missing: apt-get install haproxy nginx libnginx-mod-stream';

/** A program of this package, in its release build. */
export function binary(name) {
  const folder = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const file = join(folder, 'release', name);
  if (existsSync(file)) return file;
  throw new Refusal(`${name} is not built: cargo build --release -p fourseven-peers`);
}

export function program(name) {
  const file = PATH.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new Refusal(`The benchmark needs ${name}, and ${MISSING}`);
}

/** nginx's layer 4 is a module of its own, wherever the distribution puts it. */
export function streamModule() {
  const file = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/share/nginx/modules']
    .map((folder) => join(folder, 'ngx_stream_module.so'))
    .find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new Refusal(`The benchmark needs the stream module of nginx, and ${MISSING}`);
}
