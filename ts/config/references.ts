/** The checks that look at several pieces of a configuration: what names what, and what is twice. */

import { describe, issue, type Issue } from '../errors.js';
import type { Address } from '../plan/types.js';
import { writeAddress } from './address.js';
import type { Endpoint } from './endpoint.js';
import { parseName } from './name.js';
import { writePath } from './path.js';
import type { Outline, RouteOutline } from './pieces.js';
import { suggest } from './suggest.js';

/** What is wrong between the pieces that could be read. */
export function checkReferences({ listeners, pools, routes }: Outline): Issue[] {
  return [
    ...checkNames('listeners', listeners.keys()),
    ...checkNames('pools', pools.keys()),
    ...checkListeners(listeners),
    ...checkEndpoints(pools),
    ...checkRoutes({ listeners, pools, routes }),
  ];
}

function* checkNames(of: 'listeners' | 'pools', names: Iterable<string>): Iterable<Issue> {
  for (const name of names) {
    const parsed = parseName(name);
    if ('finding' in parsed) yield { path: writePath([of, name]), ...parsed.finding };
  }
}

function* checkListeners(listeners: Outline['listeners']): Iterable<Issue> {
  const seen = new Map<string, string>();
  for (const [name, { address, protocol, accept, saysHttp }] of listeners) {
    if (protocol === 'tcp' && saysHttp) yield issue(writePath(['listeners', name, 'http']), 'HTTP_ON_TCP', {});
    if (address === null) continue;
    const path = writePath(['listeners', name]);
    if (address.kind === 'unix' && accept === 'per-worker') {
      yield issue(writePath(['listeners', name, 'accept']), 'ACCEPT_UNIX', {});
    }
    if (isAnyPort(address)) continue;
    const written = writeAddress(address);
    const other = seen.get(written);
    if (other === undefined) seen.set(written, path);
    else yield issue(path, 'DUPLICATE_ADDRESS', { address: written, other });
  }
}

// Port 0 is a different port each time it is asked for.
function isAnyPort(address: Address): boolean {
  return address.kind === 'tcp' && address.port === 0;
}

function* checkEndpoints(pools: Outline['pools']): Iterable<Issue> {
  const everywhere = new Map<string, { endpoint: Endpoint; path: string }>();
  for (const [pool, { endpoints }] of pools) {
    const here = new Map<string, string>();
    for (const [at, endpoint] of endpoints.entries()) {
      if (endpoint === null) continue;
      const path = writePath(['pools', pool, 'endpoints', at]);
      const name = describe(endpoint.name);
      const twin = here.get(endpoint.name);
      const first = everywhere.get(endpoint.name);
      if (twin !== undefined)
        yield issue(path, 'DUPLICATE_ENDPOINT', { name, other: twin, written: endpoint.name });
      else if (first !== undefined && !sameAddresses(first.endpoint, endpoint)) {
        yield issue(path, 'ENDPOINT_DISAGREES', { name, other: first.path });
      }
      if (twin === undefined) here.set(endpoint.name, path);
      if (first === undefined) everywhere.set(endpoint.name, { endpoint, path });
    }
  }
}

// In the same order too: it is the order in which they are tried.
function sameAddresses(one: Endpoint, other: Endpoint): boolean {
  const [a, b] = [one, other].map(({ addresses }) => addresses.map(writeAddress));
  return JSON.stringify(a) === JSON.stringify(b);
}

function* checkRoutes({ listeners, pools, routes }: Outline): Iterable<Issue> {
  const names = new Map<string, string>();
  for (const [at, route] of routes.entries()) {
    const path = (...steps: PropertyKey[]): string => writePath(['routes', at, ...steps]);
    if (route.pool !== null && !pools.has(route.pool)) {
      const meant = suggest(route.pool, [...pools.keys()], 'pools');
      yield issue(path('pool'), 'UNKNOWN_POOL', { got: describe(route.pool), meant });
    }
    for (const [steps, listener] of listenersOf(route)) {
      if (listener === null || listeners.has(listener)) continue;
      const meant = suggest(listener, [...listeners.keys()], 'listeners');
      yield issue(path('match', 'listener', ...steps), 'UNKNOWN_LISTENER', {
        got: describe(listener),
        meant,
      });
    }
    if (needsHttp(route, listeners)) yield issue(path('match'), 'MATCH_NEEDS_HTTP', {});
    const count = pairsOf(route);
    if (count > MOST_RULES) yield issue(path('match'), 'TOO_MANY_RULES', { count, most: MOST_RULES });
    if (route.name === null) continue;
    const other = names.get(route.name);
    if (other === undefined) names.set(route.name, path());
    else yield issue(path('name'), 'DUPLICATE_ROUTE', { name: describe(route.name), other });
  }
}

/** The most pairs of host and path that one route may match: what is written by hand has fewer. */
export const MOST_RULES = 1000;

/** How many pairs of host and path a route matches. */
export function pairsOf({ hosts, paths }: RouteOutline): number {
  return (hosts?.length ?? 1) * (paths?.length ?? 1);
}

/** Whether a route looks at requests, and none can come to it. */
export function needsHttp(route: RouteOutline, listeners: Outline['listeners']): boolean {
  if (route.hosts === null && route.paths === null) return false;
  const named = route.listener === null ? [...listeners.keys()] : [route.listener].flat();
  // Of what could not be read, nobody knows what it speaks.
  const protocols = named.map((name) => (name === null ? null : listeners.get(name)?.protocol));
  return protocols.length > 0 && protocols.every((protocol) => protocol === 'tcp');
}

// Each listener that a route names, with where it stands below `match.listener`.
function listenersOf({ listener }: RouteOutline): [PropertyKey[], string | null][] {
  if (listener === null) return [];
  return typeof listener === 'string' ? [[[], listener]] : listener.map((name, at) => [[at], name]);
}
