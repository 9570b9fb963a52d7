/**
 * Makes rules of the routes of a configuration, in their order of precedence, and looks for gaps.
 *
 * A route for two hosts and three paths is six rules: the core looks up one host and one path.
 */

import { writePath } from '../config/path.js';
import type { Outline, RouteOutline } from '../config/pieces.js';
import { MOST_RULES, needsHttp, pairsOf } from '../config/references.js';
import { issue, type Issue } from '../errors.js';
import { type Door, doorsOf, findGaps, inOrder, looksAtRequests, type Rule } from '../rules/precedence.js';

/** The routes of a configuration, and what they match. */
export interface Routing {
  /** The stable names of the routes, in the order written. */
  readonly keys: readonly string[];
  /** In the order in which the core tries them. */
  readonly rules: readonly RouteRule[];
}

/** A rule of a route. */
export interface RouteRule extends Rule {
  /** The position of its route among those that were written. */
  readonly at: number;
}

/** The rules of all routes, and the names of the routes. */
export function orderRoutes(outline: Outline, issues: Issue[]): Routing {
  const doors = [...outline.listeners].map(([name, { protocol }]): Door => {
    // Of one that could not be read, nobody knows what comes there.
    return { name, speaksHttp: protocol !== 'tcp' };
  });
  const rules = inOrder(outline.routes.flatMap(rulesOf));
  if (isWhole(outline)) issues.push(...gaps(rules, doors));
  return { keys: nameRoutes(outline.routes), rules: rules.map((rule) => atDoors(rule, doors)) };
}

// Lists are sets, so the order in which they were written makes no other plan.
function rulesOf(route: RouteOutline, at: number): RouteRule[] {
  if (pairsOf(route) > MOST_RULES) return [];
  const listeners = route.listener === null ? null : readable([route.listener].flat());
  const [hosts, paths] = [route.hosts, route.paths].map((list) => (list === null ? [null] : readable(list)));
  return (hosts ?? []).flatMap((host) => (paths ?? []).map((path) => ({ at, listeners, host, path })));
}

function readable(list: readonly (string | null)[]): string[] {
  return [...new Set(list.filter((entry) => entry !== null))].sort();
}

// The plan has no path that only says that requests are looked at, and a rule with a host or a path
// names no listener where there are none. So both become a matter of the listeners.
function atDoors(rule: RouteRule, doors: readonly Door[]): RouteRule {
  if (!looksAtRequests(rule)) return rule;
  const open = doorsOf(rule, doors);
  const path = rule.path === '' ? null : rule.path;
  const takesAll = rule.listeners === null && (rule.host !== null || path !== null || open.length === doors.length);
  return { ...rule, path, listeners: takesAll ? null : open.map(({ name }) => name) };
}

// A route without a name has that of its pool: it stays the same when routes around it change.
function nameRoutes(routes: readonly RouteOutline[]): string[] {
  const taken = new Set(routes.flatMap(({ name }) => name ?? []));
  return routes.map(({ name, pool }) => name ?? freeName(pool ?? 'route', taken));
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
  const isRead = (list: readonly (string | null)[] | null): boolean =>
    list === null || (list.length > 0 && !list.includes(null));
  const isSound = (route: RouteOutline): boolean =>
    route.pool !== null &&
    pools.has(route.pool) &&
    (route.listener === null || (route.listener.length > 0 && [route.listener].flat().every(isThere))) &&
    isRead(route.hosts) &&
    isRead(route.paths) &&
    pairsOf(route) <= MOST_RULES &&
    !needsHttp(route, listeners);
  return listeners.size > 0 && routes.every(isSound);
}

function gaps(rules: readonly RouteRule[], doors: readonly Door[]): Issue[] {
  const { unreachable, unrouted } = findGaps(rules, doors);
  const idle = new Set(unreachable);
  const reached = new Set(rules.filter((rule) => !idle.has(rule)).map(({ at }) => at));
  const never = new Set(unreachable.map(({ at }) => at).filter((at) => !reached.has(at)));
  return [
    ...unrouted.map((name) => issue(writePath(['listeners', name]), 'LISTENER_UNROUTED', {})),
    ...[...never].sort((one, other) => one - other).map((at) => issue(writePath(['routes', at]), 'ROUTE_UNREACHABLE', {})),
  ];
}
