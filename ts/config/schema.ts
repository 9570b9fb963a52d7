/**
 * The shape of a configuration, and what each of its pieces means.
 *
 * The public types in types.ts are written by hand; the last lines here prove that both say the
 * same. zod stays inside this folder.
 */

import { z } from 'zod';
import { finding, type Parsed } from '../errors.js';
import type { Address, Protocol } from '../plan/types.js';
import { parseEndpointAddress, parseListenAddress, protocolOf } from './address.js';
import { DEFAULTS, type TimeSetting } from './defaults.js';
import { parseDuration } from './duration.js';
import { parseEndpointText, reachedBy } from './endpoint.js';
import { fields, list, name, named, readBy, whole } from './fields.js';
import type { AlgorithmChoice, Listener, Route } from './pieces.js';
import type { Config, Duration } from './types.js';

const text = z.string();

function time(setting: TimeSetting): z.ZodType<number, Duration> {
  const written = z.union([z.number(), text]) as unknown as z.ZodType<Duration, Duration>;
  return readBy(written, (duration) => parseDuration(duration, DEFAULTS[setting].range));
}

function timeOrNever(setting: TimeSetting): z.ZodType<number | null, Duration | false> {
  // `true` passes the shape, to be refused as a time with the hint of one.
  const written = z.union([z.number(), text, z.boolean()]) as unknown as z.ZodType<unknown, Duration | false>;
  return readBy(written, (duration): Parsed<number | null> => {
    return duration === false ? { value: null } : parseDuration(duration, DEFAULTS[setting].range);
  });
}

const timeouts = fields({
  connect: time('timeouts.connect').optional(),
  idle: timeOrNever('timeouts.idle').optional(),
  halfClose: timeOrNever('timeouts.halfClose').optional(),
});

/** Where a listener listens, and what it speaks there. */
export const listenAddress = readBy(text, (written): Parsed<{ address: Address; protocol: Protocol }> => {
  const parsed = parseListenAddress(written);
  return 'finding' in parsed ? parsed : { value: { address: parsed.value, protocol: protocolOf(written) } };
});

export const accept = z.enum(['per-worker', 'hand-off']);

const listener = z
  .union([
    listenAddress.transform((address) => ({ address, accept: undefined, backlog: undefined })),
    fields({
      address: listenAddress,
      accept: accept.optional(),
      backlog: whole(DEFAULTS['listeners.*.backlog'].range, 'a number of connections').optional(),
    }),
  ])
  .transform(({ address: { address, protocol }, accept, backlog }): Listener => ({
    address,
    protocol,
    // A Unix socket cannot be shared between workers.
    accept: accept ?? (address.kind === 'unix' ? 'hand-off' : DEFAULTS['listeners.*.accept'].value),
    backlog: backlog ?? DEFAULTS['listeners.*.backlog'].value,
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

const pool = fields({ endpoints: list(endpoint, finding('NO_ENDPOINTS', {})), algorithm });

const route = fields({
  name: name.optional(),
  match: fields({ listener: z.union([text, list(text, finding('NO_NAMES', {}))]).optional() }).optional(),
  pool: text,
  timeouts: timeouts.optional(),
}).transform(({ name, match, pool, timeouts }): Route => {
  return { name: name ?? null, listener: match?.listener ?? null, pool, timeouts: timeouts ?? {} };
});

/** A whole configuration. What it finds are the issues of its shape and of its single pieces. */
export const config = fields({
  listeners: named(listener, finding('NO_LISTENERS', {})),
  pools: named(pool, finding('NO_POOLS', {})),
  routes: list(route).optional(),
  timeouts: timeouts.optional(),
  drain: time('drain').optional(),
  workers: whole(DEFAULTS.workers.range, 'a number of threads').optional(),
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
