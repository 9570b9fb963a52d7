/**
 * The shape of a configuration, and what each of its pieces means.
 *
 * The public types in types.ts are written by hand; the last lines here prove that both say the
 * same. zod stays inside this folder.
 */

import { z } from 'zod';
import { finding, type Parsed } from '../errors.js';
import type { Address } from '../plan/types.js';
import { accessLog } from './access-log.js';
import { parseEndpointAddress, parseListenAddress, protocolOf, type Spoken } from './address.js';
import { answers } from './answers.js';
import { DEFAULTS } from './defaults.js';
import { parseEndpointText, reachedBy } from './endpoint.js';
import { custom, fields, list, name, named, readBy } from './fields.js';
import { parseHost } from './host.js';
import type { AlgorithmChoice, Listener, Pool, Route } from './pieces.js';
import { parsePrefix } from './prefix.js';
import { refusedPrefix } from './refused.js';
import { backlog, connections, drain, forward, http, limits, paths, retries, timeouts, tries, workers } from './settings.js';
import type { Config } from './types.js';

const text = z.string();

/** Where a listener listens, and what it speaks there. */
export const listenAddress = readBy(text, (written): Parsed<{ address: Address; protocol: Spoken }> => {
  const parsed = parseListenAddress(written);
  return 'finding' in parsed ? parsed : { value: { address: parsed.value, protocol: protocolOf(written) } };
});

export const accept = z.enum(['per-worker', 'hand-off']);

const listener = z
  .union([
    listenAddress.transform((address) => ({
      address,
      accept: undefined,
      backlog: undefined,
      log: undefined,
      http: undefined,
    })),
    fields({
      address: listenAddress,
      accept: accept.optional(),
      backlog: backlog.optional(),
      log: z.boolean().optional(),
      http: http.optional(),
    }),
  ])
  .transform(({ address: { address, protocol }, accept, backlog, log, http }): Listener => ({
    address,
    protocol,
    http: {
      ...http?.timeouts,
      ...http?.limits,
      trust: http?.trust,
      underscores: http?.underscores,
      answers: http?.answers,
      proxyStatus: http?.proxyStatus,
      mergeSlashes: http?.mergeSlashes,
    },
    // A Unix socket cannot be shared between workers.
    accept: accept ?? (address.kind === 'unix' ? 'hand-off' : DEFAULTS['listeners.*.accept'].value),
    backlog: backlog ?? DEFAULTS['listeners.*.backlog'].value,
    log: log ?? DEFAULTS['listeners.*.log'].value,
  }));

export const endpoint = z.union([
  readBy(text, parseEndpointText),
  fields({
    name,
    addresses: list(readBy(text, parseEndpointAddress), finding('NO_ADDRESSES', {})),
  }).transform(({ name, addresses }) => reachedBy(name, addresses)),
]);

export const algorithm = z
  .union([name, fields({ name, options: z.record(text, z.unknown()).optional() })])
  .optional()
  .transform((written = DEFAULTS['pools.*.algorithm'].value): AlgorithmChoice => {
    if (typeof written === 'string') return { name: written, options: {} };
    return { name: written.name, options: written.options ?? {} };
  });

const pool = fields({
  endpoints: list(endpoint, finding('NO_ENDPOINTS', {})),
  algorithm,
  connections: connections.optional(),
  retries: retries.optional(),
}).transform(({ endpoints, algorithm, connections, retries }): Pool => {
  return { endpoints, algorithm, connections: connections ?? {}, retries: retries ?? {} };
});

export const host = readBy(text, parseHost);

export const prefix = readBy(text, parsePrefix);

const route = fields({
  name: name.optional(),
  match: fields({
    listener: z.union([text, list(text, finding('NO_NAMES', {}))]).optional(),
    host: z.union([host, list(host, finding('NO_HOSTS', {}))]).optional(),
    path: z.union([prefix, list(prefix, finding('NO_PATHS', {}))]).optional(),
  }).optional(),
  pool: text,
  timeouts: timeouts.optional(),
  limits: limits.optional(),
  forward: forward.optional(),
  tries: tries.optional(),
  answers: answers.optional(),
  proxyStatus: z.boolean().optional(),
  trace: z.boolean().optional(),
  paths: paths.optional(),
})
  .check((context) => {
    // What its own policy refuses, a route would take only to answer 400.
    const { match, paths = {} } = context.value;
    const several = Array.isArray(match?.path);
    for (const [at, written] of [match?.path ?? []].flat().entries()) {
      const refused = refusedPrefix(written, paths);
      const path = ['match', 'path', ...(several ? [at] : [])];
      if (refused !== null) context.issues.push({ ...custom(written, { finding: refused }), path });
    }
  })
  .transform(({ name, match, pool, timeouts, limits, forward, tries, answers, proxyStatus, trace, paths }): Route => ({
    name: name ?? null,
    listener: match?.listener ?? null,
    hosts: match?.host === undefined ? null : [match.host].flat(),
    paths: match?.path === undefined ? null : [match.path].flat(),
    pool,
    timeouts: timeouts ?? {},
    limits: limits ?? {},
    forward: forward ?? {},
    tries: tries ?? DEFAULTS['routes.*.tries'].value,
    answers: answers ?? [],
    proxyStatus: proxyStatus ?? DEFAULTS['routes.*.proxyStatus'].value,
    trace: trace ?? DEFAULTS['routes.*.trace'].value,
    pathPolicy: paths ?? {},
  }));

/** A whole configuration. What it finds are the issues of its shape and of its single pieces. */
export const config = fields({
  listeners: named(listener, finding('NO_LISTENERS', {})),
  pools: named(pool, finding('NO_POOLS', {})),
  routes: list(route).optional(),
  timeouts: timeouts.optional(),
  limits: limits.optional(),
  accessLog: accessLog.optional(),
  forward: forward.optional(),
  drain: drain.optional(),
  workers: workers.optional(),
  portable: z.boolean().optional(),
});

/** What the schema makes of a configuration in which every piece is right. */
export type Read = z.output<typeof config>;

// The schema and the public types have the same fields of the same types: this does not compile
// otherwise. Optional ones are compared as if they were required, or one could be forgotten.
type Accepted = z.input<typeof config>;
type Whole<T> = T extends string ? string : T extends object ? { [Field in keyof T]-?: Whole<T[Field]> } : T;
type Fits<One extends Other, Other> = [One, Other];
export type Agree = [
  Fits<Config, Accepted>,
  Fits<Accepted, Config>,
  Fits<Whole<Config>, Whole<Accepted>>,
  Fits<Whole<Accepted>, Whole<Config>>,
];
