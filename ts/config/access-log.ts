/** The shape of an access log: where it goes, what a line says, and how many lines there are. */

import { z } from 'zod';
import { describe, finding, type Finding, type Parsed } from '../errors.js';
import { DEFAULTS } from './defaults.js';
import { fields, list, readBy, unless } from './fields.js';
import { parseFieldName, parseLogSink, parseTemplate } from './log-line.js';
import type { AccessLog, LogFormat, LogRates } from './pieces.js';

const sink = readBy(z.string(), parseLogSink);

// The template first: whatever is no text is tried as one.
const format = z.union([
  fields({ template: readBy(z.string(), parseTemplate) }).transform(({ template }) => template),
  z.enum(['json', 'common', 'combined']),
]);

const names = list(readBy(z.string(), parseFieldName));

const rate = readBy(z.number(), (written): Parsed<number> => {
  const [min, max] = DEFAULTS['accessLog.sample'].range;
  return written >= min && written <= max
    ? { value: written }
    : { finding: finding('OUT_OF_RANGE', { got: describe(written), what: 'a share of the lines', min, max }) };
});

const sample = z.union([
  rate.transform((all) => ({ default: all })),
  fields({
    default: rate.optional(),
    '1xx': rate.optional(),
    '2xx': rate.optional(),
    '3xx': rate.optional(),
    '4xx': rate.optional(),
    '5xx': rate.optional(),
    fault: rate.optional(),
  }),
]);

const whole = fields({
  to: sink,
  format: format.optional(),
  fields: fields({ request: names.optional(), response: names.optional() }).optional(),
  sample: sample.optional(),
});

const written = unless(whole, ({ format, fields }) => {
  if (fields === undefined) return null;
  const isJson = format === undefined || format === 'json';
  const found = isJson ? tooMany([fields.request ?? [], fields.response ?? []].flat()) : finding('LOG_FIELDS_FORMAT', {});
  return found === null ? null : { at: 'fields', finding: found };
});

// Far below what the core takes, so that there is room for their values.
const MOST_NAMES = 64;
const MOST_BYTES = 2048;

function tooMany(names: readonly string[]): Finding | null {
  const [count, bytes] = [names.length, names.join('').length];
  if (count <= MOST_NAMES && bytes <= MOST_BYTES) return null;
  return finding('TOO_MANY_LOG_FIELDS', { count, bytes, most: MOST_NAMES, mostBytes: MOST_BYTES });
}

/** What is logged, and where. A text is short for where. */
export const accessLog = z.union([
  sink.transform((to): AccessLog => complete({ to })),
  written.transform((log): AccessLog => complete(log)),
]);

interface Written {
  readonly to: AccessLog['to'];
  readonly format?: LogFormat | undefined;
  readonly fields?: { readonly request?: readonly string[] | undefined; readonly response?: readonly string[] | undefined } | undefined;
  readonly sample?: { readonly [Name in keyof LogRates]?: number | undefined } | undefined;
}

function complete({ to, format, fields, sample = {} }: Written): AccessLog {
  const all = sample.default ?? DEFAULTS['accessLog.sample'].value;
  return {
    to,
    format: format ?? DEFAULTS['accessLog.format'].value,
    request: [...new Set(fields?.request)],
    response: [...new Set(fields?.response)],
    sample: {
      default: all,
      '1xx': sample['1xx'] ?? all,
      '2xx': sample['2xx'] ?? all,
      '3xx': sample['3xx'] ?? all,
      '4xx': sample['4xx'] ?? all,
      '5xx': sample['5xx'] ?? all,
      fault: sample.fault ?? all,
    },
  };
}
