/** Puts the routes of a configuration into their order of precedence, and looks for gaps. */

import { writePath } from '../config/path.js';
import type { Outline, RouteOutline } from '../config/pieces.js';
import { issue, type Issue } from '../errors.js';
import { findGaps, inOrder, type Rule } from '../rules/precedence.js';

/** A route in its place. */
export interface OrderedRoute extends Rule {
  /** The stable name. */
  readonly key: string;
  /** Its position among those that were written. */
  readonly at: number;
}

/** The routes in the order in which the core tries them. */
export function orderRoutes(outline: Outline, issues: Issue[]): OrderedRoute[] {
  const routes = inOrder(nameRoutes(outline.routes));
  if (isWhole(outline)) issues.push(...gaps(routes, [...outline.listeners.keys()]));
  return routes;
}

// A route without a name has that of its pool: it stays the same when routes around it change.
function nameRoutes(routes: readonly RouteOutline[]): OrderedRoute[] {
  const taken = new Set(routes.flatMap(({ name }) => name ?? []));
  return routes.map(({ name, listener, pool }, at) => {
    const names = [listener].flat().filter((name) => name !== null);
    return {
      key: name ?? freeName(pool ?? 'route', taken),
      at,
      listeners: listener === null ? null : [...new Set(names)],
    };
  });
}

function freeName(pool: string, taken: Set<string>): string {
  let name = pool;
  for (let count = 2; taken.has(name); count++) name = `${pool}-${count}`;
  taken.add(name);
  return name;
}

// Where some route is wrong already, what the others leave open says nothing.
function isWhole({ routes, listeners, pools }: Outline): boolean {
  const isThere = (name: string | null): boolean => name !== null && listeners.has(name);
  const isSound = ({ pool, listener }: RouteOutline): boolean =>
    pool !== null &&
    pools.has(pool) &&
    (listener === null || (listener.length > 0 && [listener].flat().every(isThere)));
  return listeners.size > 0 && routes.every(isSound);
}

function gaps(routes: readonly OrderedRoute[], listeners: readonly string[]): Issue[] {
  const { unreachable, unrouted } = findGaps(routes, listeners);
  return [
    ...unrouted.map((name) => issue(writePath(['listeners', name]), 'LISTENER_UNROUTED', {})),
    ...unreachable.map(({ at }) => issue(writePath(['routes', at]), 'ROUTE_UNREACHABLE', {})),
  ];
}
