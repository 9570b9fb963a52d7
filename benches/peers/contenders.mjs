// The contenders: for each, the command that starts it with one worker in front of the endpoint.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { haproxyConfig } from './haproxy.mjs';
import { AGAIN, OURS, PEERS, PROXIES, parted } from './names.mjs';
import { nginxConfig } from './nginx.mjs';
import { PROXY, requireProxies } from './npm-proxies.mjs';
import { freePort } from './ports.mjs';
import { Refusal, start } from './processes.mjs';
import { ROOT, binary, program, streamModule } from './programs.mjs';

/** The file in a contender's folder that each request is logged to. */
const LOG = 'access.log';

/**
 * What starts a contender: its command, its port when it does not choose one itself, and the
 * configuration it is given word for word.
 *
 * @param {string} name
 * @param {{ protocol: 'tcp' | 'http', endpoint: number, folder: string, ours?: string, logs?: boolean }} where
 *   `folder` is for its files, and for the log where each request is logged; `ours` replaces our own command (the endpoint's port is appended)
 */
async function plan(name, { protocol, endpoint, folder, ours, logs }) {
  const { product, tuning } = parted(name);
  const log = logs ? [join(folder, LOG)] : [];
  switch (product) {
    case OURS:
    case AGAIN:
      return {
        command: ours
          ? [...ours.trim().split(/\s+/), String(endpoint)]
          : [process.execPath, join(ROOT, 'benches/peers/fourseven.mjs'), protocol, ...log, String(endpoint)],
      };
    // The same in front of either endpoint.
    case 'floor':
      return { command: [binary('floor'), '0', String(endpoint)] };
    case 'haproxy': {
      const listen = await freePort();
      const config = haproxyConfig({ protocol, tuning, listen, endpoint, logs });
      const file = written(folder, 'haproxy.cfg', config);
      const said = logs ? join(folder, LOG) : undefined;
      return { command: [program('haproxy'), '-db', '-f', file], port: listen, config, said };
    }
    case 'nginx': {
      const listen = await freePort();
      const module = protocol === 'tcp' ? streamModule() : undefined;
      const config = nginxConfig({ protocol, tuning, listen, endpoint, logs, module });
      const file = written(folder, 'nginx.conf', config);
      const command = [program('nginx'), '-e', 'stderr', '-p', folder, '-c', file];
      return { command, port: listen, config };
    }
    case 'http-proxy-3':
    case 'httpxy':
      return { command: [process.execPath, PROXY, product, tuning, String(endpoint)] };
    default:
      throw new Refusal(`No contender is called ${name}: there are ${PEERS[protocol].join(', ')}.`);
  }
}

/** Starts a contender; `prefix` is put before its command (strace, say). */
export async function startContender(name, { prefix = [], protocol = 'tcp', folder, logs = false, ...where }) {
  const own = join(folder, `${name}${protocol === 'http' ? '-http' : ''}${logs ? '-log' : ''}`);
  mkdirSync(own, { recursive: true });
  const { command, port, config, said } = await plan(name, { ...where, protocol, logs, folder: own });
  const started = await start(name, [...prefix, ...command], { port, output: said });
  return { ...started, command, config, ...(logs && { log: join(own, LOG) }) };
}

/** Refuses early when a contender cannot be started, before anything runs. */
export function requireContenders(names, protocols = ['tcp']) {
  const needed = new Set(names.map((name) => parted(name).product));
  for (const name of ['endpoint', 'load']) binary(name);
  if (needed.has('floor')) binary('floor');
  if (needed.has('haproxy')) program('haproxy');
  if (needed.has('nginx')) {
    program('nginx');
    if (protocols.includes('tcp')) streamModule();
  }
  if (PROXIES.some((name) => needed.has(name))) requireProxies();
}

function written(folder, name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
