/**
 * The pieces of an access log, as users write them: where it goes, and what a line says.
 *
 * A template is text with values in braces: `{client} {method} {target} {request.user-agent}`. A brace
 * itself is written twice.
 */

import { isAbsolute } from 'node:path';
import { describe, finding, type Parsed } from '../errors.js';
import { MOST_LOG_PARTS, MOST_LOG_TEXT } from '../plan/limits.js';
import type { LogPart, LogSink, LogValue } from '../plan/types.js';
import { suggest } from './suggest.js';

/** What there is to log, by the names in templates. */
export const LOG_VALUES = {
  time: 'time',
  commonTime: 'commonTime',
  client: 'client',
  listener: 'listener',
  protocol: 'protocol',
  route: 'route',
  pool: 'pool',
  endpoint: 'endpoint',
  method: 'method',
  host: 'host',
  target: 'target',
  requestLine: 'requestLine',
  status: 'status',
  bytesIn: 'bytesIn',
  bytesOut: 'bytesOut',
  bodyOut: 'bodyOut',
  'times.head': 'head',
  'times.queue': 'queue',
  'times.connect': 'connect',
  'times.firstByte': 'firstByte',
  'times.total': 'total',
  tries: 'tries',
  reused: 'reused',
  fault: 'fault',
  traceId: 'traceId',
  requestId: 'requestId',
} as const satisfies Record<string, LogValue>;

/** Where a log goes: standard output, or a file. */
export function parseLogSink(written: string): Parsed<LogSink> {
  if (written === 'stdout') return { value: { kind: 'stdout' } };
  // Relative to what, only whoever starts the process could tell.
  const isPath = isAbsolute(written) && !/\p{Cc}/u.test(written);
  return isPath
    ? { value: { kind: 'file', path: written } }
    : { finding: finding('BAD_LOG_PLACE', { got: describe(written) }) };
}

const EXAMPLE = '{client} {method} {target} {status}';

/** The parts of a line that is written like a template. */
export function parseTemplate(written: string): Parsed<LogPart[]> {
  const wrong = (reason: string): Parsed<never> => ({ finding: finding('BAD_TEMPLATE', { reason, example: EXAMPLE }) });
  if (/\p{Cc}/u.test(written)) return wrong('has a control character');
  const parts: LogPart[] = [];
  let bytes = 0;
  for (const [piece, twice, name] of written.matchAll(/(\{\{|\}\})|\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (piece === '{' || piece === '}') return wrong(`has a "${piece}" alone`);
    if (name === undefined) {
      const text = twice === undefined ? piece : twice.slice(1);
      bytes += Buffer.byteLength(text);
      addText(parts, text);
      continue;
    }
    const part = parseValue(name);
    if ('finding' in part) return part;
    parts.push(part.value);
  }
  if (!parts.some(({ kind }) => kind !== 'text')) return wrong('names no value');
  if (parts.length > MOST_LOG_PARTS) return wrong(`has more than ${MOST_LOG_PARTS} parts`);
  if (bytes > MOST_LOG_TEXT) return wrong(`has more than ${MOST_LOG_TEXT} bytes of text`);
  return { value: parts };
}

function addText(parts: LogPart[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
  else parts.push({ kind: 'text', text });
}

function parseValue(name: string): Parsed<LogPart> {
  const [, of, field] = /^(request|response)\.(.*)$/.exec(name) ?? [];
  if (field !== undefined) {
    const parsed = parseFieldName(field);
    if ('finding' in parsed) return parsed;
    return { value: { kind: of === 'request' ? 'request' : 'response', name: parsed.value } };
  }
  if (Object.hasOwn(LOG_VALUES, name)) {
    return { value: { kind: 'value', value: LOG_VALUES[name as keyof typeof LOG_VALUES] } };
  }
  const meant = suggest(name, Object.keys(LOG_VALUES), 'values');
  return { finding: finding('UNKNOWN_LOG_VALUE', { got: describe(name), meant }) };
}

/** The name of a field, in lower case (RFC 9110 section 5.1). */
export function parseFieldName(written: string): Parsed<string> {
  return /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(written)
    ? { value: written.toLowerCase() }
    : { finding: finding('BAD_FIELD_NAME', { got: describe(written.slice(0, 200)) }) };
}
