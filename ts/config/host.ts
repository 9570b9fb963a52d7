/**
 * Hosts of requests, as users write them: `api.example`, `10.0.0.7` or `[2001:db8::7]`.
 *
 * What is matched is written once: in lower case, without a dot at its end, and IPv6 addresses as
 * URLs write them. A port is not part of it: a request may name one or leave it out.
 */

import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { describe, finding, type Parsed } from '../errors.js';

// What the core looks up. No name of the DNS is longer.
const LONGEST = 255;

// What the core takes for a label of a name, but for the "*" of wildcards.
const NAME = /^[a-z0-9\-_~!$&'+;=]+(?:\.[a-z0-9\-_~!$&'+;=]+)*$/;

/** The host of requests that are matched. */
export function parseHost(written: string): Parsed<string> {
  const got = describe(written.slice(0, LONGEST));
  const bad = { finding: finding('BAD_HOST', { got }) };
  if (written.length > LONGEST + ROOT.length) return bad;
  const [, withoutPort] = /^(\[[^\]]*\]|[^:/@]+):\d*$/.exec(written) ?? [];
  if (withoutPort !== undefined) {
    return { finding: finding('HOST_PORT', { got, host: describe(withoutPort) }) };
  }
  if (written.startsWith('[') || isIPv6(written)) {
    const [, address = ''] = /^\[([^\]%]*)\]$/.exec(written) ?? [];
    return isIPv6(address) ? { value: new URL(`http://[${address}]`).hostname } : bad;
  }
  if (written.includes('*')) return { finding: finding('HOST_WILDCARD', { got }) };
  if (/[^\0-\x7f]/.test(written)) {
    const ascii = withoutRoot(domainToASCII(written));
    return isName(ascii) ? { finding: finding('HOST_UNICODE', { got, ascii: describe(ascii) }) } : bad;
  }
  const host = withoutRoot(written.toLowerCase());
  return isName(host) ? { value: host } : bad;
}

/** The value of Host that endpoints are given: a host, and a port where one is wanted. */
export function parseAuthority(written: string): Parsed<string> {
  const [, withoutPort, port] = /^(\[[^\]]*\]|[^:/@]+):(\d{1,5})$/.exec(written) ?? [];
  const host = parseHost(withoutPort ?? written);
  if ('finding' in host) return host;
  if (port === undefined) return host;
  if (Number(port) > 65_535) return { finding: finding('BAD_PORT', { port, min: 0 }) };
  return { value: `${host.value}:${port}` };
}

function isName(host: string): boolean {
  return host.length <= LONGEST && NAME.test(host);
}

// The dot of the root of all names, which says nothing.
const ROOT = '.';

function withoutRoot(host: string): string {
  return host.endsWith(ROOT) ? host.slice(0, -ROOT.length) : host;
}
