/**
 * The canonical form of paths (RFC 3986 section 6), as the core makes it: rules are compared with
 * paths in that form. `__test__/corpus/paths.json` holds both together.
 */

/**
 * A path in its canonical form: unreserved characters decoded, the digits of what stays encoded in
 * upper case, segments of dots removed. It has no query and only visible ASCII. `null` for what no
 * request may have: `%00`, a `%` without two digits, or encoded bytes that are not UTF-8.
 */
export function canonicalPath(path: string): string | null {
  if (/%00|%(?![0-9A-Fa-f]{2})/.test(path) || !isText(path)) return null;
  return withoutDots(path.replaceAll(/%../g, canonicalOctet));
}

// What `decodeURIComponent` refuses is no UTF-8.
function isText(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function canonicalOctet(encoded: string): string {
  const octet = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(octet) ? octet : encoded.toUpperCase();
}

// RFC 3986 section 5.2.4. What stands before the first slash is the root, which stays.
function withoutDots(path: string): string {
  const segments = path.split('/');
  const left: string[] = [];
  for (const [at, segment] of segments.entries()) {
    if (segment === '..' && left.length > 1) left.pop();
    if (segment !== '.' && segment !== '..') left.push(segment);
    else if (at === segments.length - 1) left.push('');
  }
  return left.join('/');
}
