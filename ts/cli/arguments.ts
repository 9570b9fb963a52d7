/** What is written on the command line, and the configuration that it stands for. */

import { parseArgs } from 'node:util';
import type { Config } from '../config/types.js';
import type { Issue } from '../errors.js';

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'serve'; readonly config: Config }
  | { readonly kind: 'wrong'; readonly message: string };

/** The text of `--help`. */
export const HELP = `Usage: fourseven --listen ADDRESS --to ENDPOINT,ENDPOINT

Balances TCP connections, or HTTP requests, over endpoints.

  --listen ADDRESS    where to listen, such as tcp://:8080, 127.0.0.1:8080 or unix:/run/web.sock;
                      http://:8080 speaks HTTP; may be given several times
  --to ENDPOINT,...   what serves the connections, such as :3001, 10.0.0.7:3001 or name=:3001;
                      may be given several times
  --algorithm NAME    how an endpoint is chosen: two-choices (default) or round-robin
  --log TO            writes a line for each request and connection: to stdout, which then has nothing
                      else, or to the file with this absolute path
  --log-format FORMAT json (default), common or combined
  --workers N         threads that carry traffic (default: as many as there are processors)
  --help              this text
  --version           the version

SIGHUP opens the file of the log anew. SIGINT and SIGTERM let connections finish and exit; a second one exits at once.

Example: fourseven --listen tcp://:8080 --to :3001,:3002`;

/** Reads the arguments of the command. */
export function readArguments(args: readonly string[]): Request {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: OPTIONS, strict: true }));
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const { listen = [], to = [], algorithm, workers, log, 'log-format': format } = values;
  if (listen.length === 0)
    return { kind: 'wrong', message: 'say where to listen, such as --listen tcp://:8080' };
  if (to.length === 0)
    return { kind: 'wrong', message: 'say where connections go, such as --to :3001,:3002' };
  if (workers !== undefined && !/^\d+$/.test(workers)) {
    return { kind: 'wrong', message: `--workers takes a whole number, not "${workers}"` };
  }
  if (format !== undefined && log === undefined) {
    return { kind: 'wrong', message: 'say where the log goes, such as --log stdout' };
  }
  const accessLog = log === undefined ? undefined : { to: log, format: format as LogFormat };
  return { kind: 'serve', config: { ...configOf(listen, to, algorithm, workers), accessLog } };
}

// What is none of them is an issue of the configuration.
type LogFormat = 'json' | 'common' | 'combined' | undefined;

const OPTIONS = {
  listen: { type: 'string', multiple: true },
  to: { type: 'string', multiple: true },
  algorithm: { type: 'string' },
  workers: { type: 'string' },
  log: { type: 'string' },
  'log-format': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

function configOf(
  listen: string[],
  to: string[],
  algorithm: string | undefined,
  workers: string | undefined,
): Config {
  const listeners = Object.fromEntries(listen.map((address, at) => [`listen-${at + 1}`, address]));
  const endpoints = to.flatMap((written) => written.split(',')).map((endpoint) => endpoint.trim());
  return {
    listeners,
    pools: { to: { endpoints, algorithm } },
    workers: workers === undefined ? undefined : Number(workers),
  };
}

/** An issue of the configuration, as a mistake on the command line. */
export function asMistake({ path, message, hint }: Issue): string {
  const flag = FLAGS.find(([start]) => path.startsWith(start))?.[1];
  // Nobody gave these their names.
  const said = message
    .replace(/listeners\.listen-\d+/, 'another --listen')
    .replace(/pools\.to\S*/, 'another --to');
  return `${flag === undefined ? '' : `${flag}: `}${said} (${hint})`;
}

const FLAGS = [
  ['listeners', '--listen'],
  ['pools.to.endpoints', '--to'],
  ['pools.to.algorithm', '--algorithm'],
  ['workers', '--workers'],
  ['accessLog.format', '--log-format'],
  ['accessLog', '--log'],
] as const;
