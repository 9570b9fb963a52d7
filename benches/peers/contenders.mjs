// The contenders: for each, the command that starts it with one worker in front of the endpoint.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { haproxyConfig, nginxConfig } from './configs.mjs';
import { haproxyHttpConfig, nginxHttpConfig } from './http-configs.mjs';
import { AGAIN, OURS, PEERS } from './names.mjs';
import { freePort } from './ports.mjs';
import { Refusal, start } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A distribution's folders for servers are not on every user's PATH. */
const PATH = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

const MISSING = 'it is missing: apt-get install haproxy nginx libnginx-mod-stream';

/**
 * What starts a contender: its command, its port when it does not choose one itself, and the
 * configuration it is given word for word.
 *
 * @param {string} name
 * @param {{ protocol: 'tcp' | 'http', endpoint: number, folder: string, ours?: string }} where
 *   `folder` is for its files; `ours` replaces our own command (the endpoint's port is appended)
 */
async function plan(name, { protocol, endpoint, folder, ours }) {
  const isHttp = protocol === 'http';
  switch (name) {
    case OURS:
    case AGAIN:
      return {
        command: ours
          ? [...ours.trim().split(/\s+/), String(endpoint)]
          : [process.execPath, join(ROOT, 'benches/peers/fourseven.mjs'), protocol, String(endpoint)],
      };
    // The same in front of either endpoint.
    case 'floor':
      return { command: [binary('floor'), '0', String(endpoint)] };
    case 'haproxy':
    case 'haproxy-best': {
      const listen = await freePort();
      const best = name === 'haproxy-best';
      const config = (isHttp ? haproxyHttpConfig : haproxyConfig)({ listen, endpoint, best });
      const file = written(folder, 'haproxy.cfg', config);
      return { command: [program('haproxy'), '-db', '-f', file], port: listen, config };
    }
    case 'nginx':
    case 'nginx-best': {
      const listen = await freePort();
      const best = name === 'nginx-best';
      const config = isHttp
        ? nginxHttpConfig({ listen, endpoint, best })
        : nginxConfig({ listen, endpoint, best, module: streamModule() });
      const file = written(folder, 'nginx.conf', config);
      const command = [program('nginx'), '-e', 'stderr', '-p', folder, '-c', file];
      return { command, port: listen, config };
    }
    default:
      throw new Refusal(`No contender is called ${name}: there are ${PEERS.join(', ')}.`);
  }
}

/** Starts a contender; `prefix` is put before its command (strace, say). */
export async function startContender(name, { prefix = [], protocol = 'tcp', folder, ...where }) {
  const own = join(folder, protocol === 'http' ? `${name}-http` : name);
  mkdirSync(own, { recursive: true });
  const { command, port, config } = await plan(name, { ...where, protocol, folder: own });
  const started = await start(name, [...prefix, ...command], { port });
  return { ...started, command, config };
}

/** Refuses early when a contender cannot be started, before anything runs. */
export function requireContenders(names, protocols = ['tcp']) {
  for (const name of ['endpoint', 'load', ...names.filter((name) => name === 'floor')]) binary(name);
  if (names.some((name) => name.startsWith('haproxy'))) program('haproxy');
  if (names.some((name) => name.startsWith('nginx'))) {
    program('nginx');
    if (protocols.includes('tcp')) streamModule();
  }
}

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
function streamModule() {
  const file = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/share/nginx/modules']
    .map((folder) => join(folder, 'ngx_stream_module.so'))
    .find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new Refusal(`The benchmark needs the stream module of nginx, and ${MISSING}`);
}

function written(folder, name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
