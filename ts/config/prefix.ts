/**
 * Paths of requests, as users write them: the first segments of what is matched, such as `/api/v2`.
 *
 * A slash at the end says nothing, so it is dropped, and `/` is the empty prefix: every path begins
 * with it. What is not in the canonical form, which paths are compared in, is refused with that form:
 * who reads the configuration sees what is compared.
 */

import { describe, finding, type Parsed } from '../errors.js';
import { canonicalPath } from './canonical.js';

// What is said of one that is wrong need not be longer.
const ENOUGH = 200;

/** The segments that a path begins with, each behind a slash: `/api/v2`, or nothing for `/`. */
export function parsePrefix(written: string): Parsed<string> {
  const got = describe(written.slice(0, ENOUGH));
  const bad = { finding: finding('BAD_PREFIX', { got }) };
  if (!written.startsWith('/') || /[?#\p{Cc}]/u.test(written)) return bad;
  const encoded = percentEncoded(written);
  const canonical = canonicalPath(encoded);
  if (canonical === null) return { finding: finding('PREFIX_BROKEN', { got }) };
  if (encoded !== written) {
    return { finding: finding('PREFIX_ENCODING', { encoded: describe(canonical) }) };
  }
  const prefix = written.replace(/\/$/, '');
  if (!prefix.split('/').slice(1).every(isSegment)) return bad;
  if (canonical !== written) {
    return { finding: finding('PREFIX_CANONICAL', { got, canonical: describe(canonical) }) };
  }
  return { value: prefix };
}

// Segments of dots are removed before anything is compared, so one would never come.
function isSegment(segment: string): boolean {
  return !['', '.', '..'].includes(segment.replaceAll(/%2e/gi, '.'));
}

// Only what has to be: what is encoded already stays as it is.
function percentEncoded(text: string): string {
  return text.replaceAll(/[^!-~]+/g, (some) =>
    [...Buffer.from(some)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
