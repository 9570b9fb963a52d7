/** Settings that have a row in the table of defaults: their schemas take the range from there. */

import { z } from 'zod';
import { describe, finding, type Parsed } from '../errors.js';
import { answers } from './answers.js';
import { parseBytes } from './bytes.js';
import { DEFAULTS, type SettingOf, type Unit } from './defaults.js';
import { parseDuration } from './duration.js';
import { fields, list, parseWhole, readBy } from './fields.js';
import { parseAuthority } from './host.js';
import { parseNetwork } from './network.js';
import type { Bytes, Duration } from './types.js';

/** What counts something in whole numbers, without units. */
type Counted = Exclude<Unit, 'milliseconds' | 'bytes' | 'share' | 'choice' | 'switch'>;

function time(setting: SettingOf<'milliseconds'>): z.ZodType<number, Duration> {
  return readBy(numberOrText<Duration>(), (written) => parseDuration(written, DEFAULTS[setting].range));
}

function timeOrFalse(setting: SettingOf<'milliseconds'>): z.ZodType<number | null, Duration | false> {
  return readBy(orFalse<Duration>(z.number(), z.string()), (written) =>
    offOr(written, (written) => parseDuration(written, DEFAULTS[setting].range)),
  );
}

function bytes(setting: SettingOf<'bytes'>): z.ZodType<number, Bytes> {
  return readBy(numberOrText<Bytes>(), (written) => parseBytes(written, DEFAULTS[setting].range));
}

function bytesOrFalse(setting: SettingOf<'bytes'>): z.ZodType<number | null, Bytes | false> {
  return readBy(orFalse<Bytes>(z.number(), z.string()), (written) =>
    offOr(written, (written) => parseBytes(written, DEFAULTS[setting].range)),
  );
}

function number(setting: SettingOf<Counted>): z.ZodType<number, number> {
  return readBy(z.number(), (written) => parseNumber(setting, written));
}

function numberOrFalse(setting: SettingOf<Counted>): z.ZodType<number | null, number | false> {
  return readBy(orFalse<number>(z.number()), (written) =>
    offOr(written, (written) => parseNumber(setting, written)),
  );
}

function parseNumber(setting: SettingOf<Counted>, written: unknown): Parsed<number> {
  const { range, unit } = DEFAULTS[setting];
  return parseWhole(written, range, `a number of ${unit}`);
}

function numberOrText<T>(): z.ZodType<T, T> {
  return z.union([z.number(), z.string()]) as unknown as z.ZodType<T, T>;
}

// `true` passes the shape, to be refused with the hint of what is wanted.
function orFalse<T>(...shapes: z.ZodType[]): z.ZodType<T | false, T | false> {
  return z.union([...shapes, z.boolean()]) as unknown as z.ZodType<T | false, T | false>;
}

function offOr<T>(written: T | false, parse: (written: T) => Parsed<number>): Parsed<number | null> {
  return written === false ? { value: null } : parse(written);
}

function parseHostOrFalse(written: string | false): Parsed<string | null> {
  if (written === false) return { value: null };
  const isText = typeof written === 'string';
  return isText ? parseAuthority(written) : { finding: finding('BAD_HOST', { got: describe(written) }) };
}

/** How long the steps of a connection or a request may take, as far as it is said. */
export const timeouts = fields({
  connect: time('timeouts.connect').optional(),
  idle: timeOrFalse('timeouts.idle').optional(),
  halfClose: timeOrFalse('timeouts.halfClose').optional(),
  body: time('timeouts.body').optional(),
  firstByte: time('timeouts.firstByte').optional(),
  response: time('timeouts.response').optional(),
  try: timeOrFalse('timeouts.try').optional(),
  total: timeOrFalse('timeouts.total').optional(),
  tunnel: timeOrFalse('timeouts.tunnel').optional(),
});

/** What requests may amount to, as far as it is said. */
export const limits = fields({
  body: bytesOrFalse('limits.body').optional(),
  bodyRate: number('limits.bodyRate').optional(),
});

/** What endpoints are told of requests, as far as it is said. */
export const forward = fields({
  via: z.boolean().optional(),
  forwarded: z.boolean().optional(),
  realIp: z.boolean().optional(),
  requestId: z.boolean().optional(),
  host: readBy(orFalse<string>(z.string()), parseHostOrFalse).optional(),
});

/** What holds for HTTP on a listener, as far as it is said. */
export const http = fields({
  timeouts: fields({
    head: time('listeners.*.http.timeouts.head').optional(),
    keepAlive: time('listeners.*.http.timeouts.keepAlive').optional(),
  }).optional(),
  limits: fields({
    line: bytes('listeners.*.http.limits.line').optional(),
    fields: bytes('listeners.*.http.limits.fields').optional(),
    count: number('listeners.*.http.limits.count').optional(),
    hops: number('listeners.*.http.limits.hops').optional(),
  }).optional(),
  trust: list(readBy(z.string(), parseNetwork)).optional(),
  underscores: z.enum(['keep', 'drop', 'reject']).optional(),
  answers: answers.optional(),
  proxyStatus: z.boolean().optional(),
  mergeSlashes: z.boolean().optional(),
});

const admission = z.enum(['reject', 'keep']);

/** What paths may have, as far as it is said. */
export const paths = fields({
  encodedSlash: z.enum(['reject', 'keep', 'decode']).optional(),
  encodedBackslash: admission.optional(),
  encodedPercent: admission.optional(),
  backslash: admission.optional(),
  semicolon: z.enum(['reject', 'parameters', 'keep']).optional(),
  form: z.enum(['canonical', 'original']).optional(),
});

/** How long connections of a pool are kept, as far as it is said. */
export const connections = fields({
  idle: time('pools.*.connections.idle').optional(),
  age: timeOrFalse('pools.*.connections.age').optional(),
  requests: numberOrFalse('pools.*.connections.requests').optional(),
  most: number('pools.*.connections.most').optional(),
});

/** How many requests of a pool may be sent again, as far as it is said. */
export const retries = fields({
  percent: number('pools.*.retries.percent').optional(),
  reserve: number('pools.*.retries.reserve').optional(),
});

export const backlog = number('listeners.*.backlog');
export const tries = number('routes.*.tries');
export const drain = time('drain');
export const workers = number('workers');
