/** Endpoints, as users write them: an address, `name=address`, or an object. */

import type { Parsed } from '../errors.js';
import type { Address } from '../plan/types.js';
import { parseEndpointAddress, type Reached, writeAddress } from './address.js';
import { parseName } from './name.js';

/** What serves connections: a stable name, and where it is reached. */
export interface Endpoint {
  readonly name: string;
  /** In the order in which they are tried. */
  readonly addresses: readonly Address[];
}

// No address has a "=" before its first colon or bracket, so what stands there is a name.
const NAMED = /^([^=:[\]/]*)=(.*)$/s;

/** The endpoint that `':3001'` or `'a=:3001'` stands for. */
export function parseEndpointText(written: string): Parsed<Endpoint> {
  const [, given, address = written] = NAMED.exec(written) ?? [];
  const reached = parseEndpointAddress(address);
  if ('finding' in reached) return reached;
  const name = parseName(given ?? reached.value.text);
  return 'finding' in name ? name : { value: reachedBy(name.value, [reached.value]) };
}

/** The endpoint of this name; an address that stands there twice is tried once. */
export function reachedBy(name: string, reached: readonly Reached[]): Endpoint {
  const addresses = new Map<string, Address>();
  for (const address of reached.flatMap(({ addresses }) => addresses)) {
    if (!addresses.has(writeAddress(address))) addresses.set(writeAddress(address), address);
  }
  return { name, addresses: [...addresses.values()] };
}
