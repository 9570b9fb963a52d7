/**
 * Addresses, as users write them.
 *
 * ```text
 *   tcp://127.0.0.1:8080   [::1]:8080   :8080   localhost:8080   unix:/run/app.sock
 *   http://:8080   http+unix:/run/web.sock   (listeners that speak HTTP)
 *   └─scheme, optional     └─host: an IP address, localhost, or nothing
 * ```
 *
 * No host means all addresses for a listener, and this machine for an endpoint. Host names are
 * refused: nothing resolves them yet.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { describe, finding, type Finding, type Parsed } from '../errors.js';
import type { Address, Protocol } from '../plan/types.js';

/** The addresses behind an endpoint, and the text that stands for them. */
export interface Reached {
  /** The address as it was written, in one spelling: `tcp://[0::1]:80` is `[::1]:80`. */
  readonly text: string;
  /** In the order in which they are tried. */
  readonly addresses: readonly [Address, ...Address[]];
}

/** What is spoken on a listener, without its settings. */
export type Spoken = Protocol['kind'];

/** What is spoken on a listener whose address is written so. */
export function protocolOf(written: string): Spoken {
  return /^http(?::\/\/|\+unix:)/i.test(written) ? 'http' : 'tcp';
}

/** Where a listener listens. */
export function parseListenAddress(written: string): Parsed<Address> {
  const spot = parse(written.replace(/^http\+unix:/i, 'unix:'), 0, ['tcp', 'http']);
  if ('finding' in spot) return spot;
  const { value } = spot;
  if (value.kind === 'unix') return { value };
  const { host, port } = value;
  if (host === 'localhost') return { finding: finding('TWO_FAMILIES', { port }) };
  return { value: { kind: 'tcp', host: host === '' ? '::' : host, port } };
}

/** Where an endpoint is reached. */
export function parseEndpointAddress(written: string): Parsed<Reached> {
  const spot = parse(written, 1, ['tcp']);
  if ('finding' in spot) return spot;
  const { value } = spot;
  if (value.kind === 'unix') return { value: { text: `unix:${value.path}`, addresses: [value] } };
  const { host, port } = value;
  if (host === '0.0.0.0' || host === '::')
    return { finding: finding('ANY_HOST', { host: describe(host), port }) };
  const text = `${bracketed(host)}:${port}`;
  if (host !== '' && host !== 'localhost')
    return { value: { text, addresses: [{ kind: 'tcp', host, port }] } };
  const onThisMachine = (host: string): Address => ({ kind: 'tcp', host, port });
  return { value: { text, addresses: [onThisMachine('127.0.0.1'), onThisMachine('::1')] } };
}

/** An address of which the core says where it is, with what is spoken there. */
export function writeBound(address: string, protocol: Spoken): string {
  return protocol === 'tcp' ? address : address.replace(/^tcp:/, 'http:').replace(/^unix:/, 'http+unix:');
}

/** As the core writes it too: `tcp://[::1]:80`, `unix:/run/app.sock`. */
export function writeAddress(address: Address): string {
  return address.kind === 'unix'
    ? `unix:${address.path}`
    : `tcp://${bracketed(address.host)}:${address.port}`;
}

/** An address whose host may be left out (`''`) or `localhost`. */
type Spot = Address;

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

function parse(written: string, leastPort: number, schemes: readonly string[]): Parsed<Spot> {
  if (written.startsWith('unix:')) return parsePath(written, written.slice('unix:'.length));
  const [prefix = '', scheme = 'tcp'] = SCHEME.exec(written) ?? [];
  if (!schemes.includes(scheme.toLowerCase())) return { finding: finding('BAD_SCHEME', { scheme }) };
  const rest = written.slice(prefix.length);
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]/]*)):(\d+)$/.exec(rest) ?? [];
  if (digits === undefined) return { finding: whatIsWrong(written, rest) };
  const host = inBrackets === undefined ? parsePlainHost(plain ?? '') : parseIPv6(inBrackets);
  if ('finding' in host) return host;
  const port = Number(digits);
  if (port < leastPort || port > 65_535)
    return { finding: finding('BAD_PORT', { port: digits, min: leastPort }) };
  return { value: { kind: 'tcp', host: host.value, port } };
}

// It has not the form HOST:PORT. Most often one of these was meant.
function whatIsWrong(written: string, rest: string): Finding {
  const got = describe(written);
  if (/^\d+$/.test(rest)) return finding('BARE_PORT', { got: rest });
  if (isIPv6(rest) || isIPv6(rest.replace(/:\d+$/, ''))) return finding('NO_BRACKETS', { got });
  if (/^(?:\[[^\]]+\]|[\w.-]+)$/.test(rest)) return finding('NO_PORT', { got, host: rest });
  return finding('BAD_ADDRESS', { got });
}

function parsePlainHost(host: string): Parsed<string> {
  if (host === '' || isIPv4(host)) return { value: host };
  if (host.toLowerCase() === 'localhost') return { value: 'localhost' };
  if (/^[\d.]+$/.test(host)) return { finding: finding('BAD_ADDRESS', { got: describe(host) }) };
  return { finding: finding('HOST_NAME', { host: describe(host) }) };
}

// One spelling for each address, so that equal ones are found: the one that URLs use (RFC 5952).
function parseIPv6(host: string): Parsed<string> {
  if (host.includes('%')) return { finding: finding('IPV6_ZONE', { host: describe(host) }) };
  if (!isIPv6(host)) return { finding: finding('BAD_ADDRESS', { got: describe(`[${host}]`) }) };
  return { value: new URL(`tcp://[${host}]`).hostname.slice(1, -1) };
}

// What fits into the address of a Unix socket on Linux, less the zero byte at its end.
const LONGEST_PATH = 107;

function parsePath(written: string, path: string): Parsed<Spot> {
  const isRight = path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= LONGEST_PATH;
  return isRight
    ? { value: { kind: 'unix', path } }
    : { finding: finding('BAD_PATH', { got: describe(written) }) };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
