/** Networks, as users write them: `10.0.0.0/8`, `2001:db8::/32`, or one address. */

import { isIPv4, isIPv6 } from 'node:net';
import { describe, finding, type Parsed } from '../errors.js';

/** What stands for whoever comes by a Unix socket. */
export const UNIX = 'unix';

/** A network with the length of its prefix, as the core reads it; or `'unix'`. */
export function parseNetwork(written: string): Parsed<string> {
  if (written === UNIX) return { value: UNIX };
  const [, address = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(written) ?? [];
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1;
  const length = digits === undefined ? bits : Number(digits);
  if (bits < 0 || length > bits || isMapped(address)) return { finding: finding('BAD_NETWORK', { got: describe(written) }) };
  return { value: `${address}/${length}` };
}

// An IPv4 address within IPv6 is compared as IPv4, so that a network of such would never match.
function isMapped(address: string): boolean {
  return isIPv6(address) && new URL(`http://[${address}]`).hostname.startsWith('[::ffff:');
}
