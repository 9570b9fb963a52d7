/**
 * Paths of requests, as users write them: the first segments of what is matched, such as `/api/v2`.
 *
 * A slash at the end says nothing, so it is dropped, and `/` is the empty prefix: every path begins
 * with it.
 */

import { describe, finding, type Parsed } from '../errors.js';

// What is said of one that is wrong need not be longer.
const ENOUGH = 200;

/** The segments that a path begins with, each behind a slash: `/api/v2`, or nothing for `/`. */
export function parsePrefix(written: string): Parsed<string> {
  const got = describe(written.slice(0, ENOUGH));
  const bad = { finding: finding('BAD_PREFIX', { got }) };
  if (!written.startsWith('/') || /[?#\p{Cc}]/u.test(written)) return bad;
  if (/[^!-~]/.test(written)) {
    return { finding: finding('PREFIX_ENCODING', { encoded: describe(percentEncoded(written)) }) };
  }
  const prefix = written.replace(/\/$/, '');
  return prefix.split('/').slice(1).every(isSegment) ? { value: prefix } : bad;
}

// Who sends a request resolves dots beforehand, so a segment of them would never come.
function isSegment(segment: string): boolean {
  return !['', '.', '..'].includes(segment.replaceAll(/%2e/gi, '.'));
}

// Only what has to be: what is encoded already stays as it is.
function percentEncoded(text: string): string {
  return text.replaceAll(/[^!-~]+/g, (some) =>
    [...Buffer.from(some)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
