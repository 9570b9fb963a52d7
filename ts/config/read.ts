/**
 * Reads a configuration: everything that is wrong with it, at once.
 *
 * ```text
 *   what was written ─┬─ schema ──▶ issues of its shape and its single pieces ──┬─▶ issues
 *                     └─ outline ──▶ references ──▶ issues between the pieces ──┘
 * ```
 */

import { issue, type Issue } from '../errors.js';
import { DEFAULTS } from './defaults.js';
import { issuesOf } from './issues.js';
import { outlineOf, UNREADABLE } from './outline.js';
import type { Outline, ReadConfig, Route } from './pieces.js';
import { checkReferences } from './references.js';
import { config as schema, type Read } from './schema.js';

/** What came of reading a configuration. */
export interface Reading {
  /** All of it; `null` when a piece is wrong. */
  readonly config: ReadConfig | null;
  /** What names what, as far as it can be told; `null` when nothing can. */
  readonly outline: Outline | null;
  readonly issues: Issue[];
}

/** Reads what was written. */
export function readConfig(written: unknown): Reading {
  const { data, error } = schema.safeParse(written, { reportInput: true });
  const issues = issuesOf(error?.issues ?? []);
  const found = outlineOf(written);
  if (found === null) return { config: null, outline: null, issues };
  const byDefault = defaultRoute([...found.pools.keys()]);
  const outline = { ...found, routes: found.routes ?? (byDefault === null ? [UNREADABLE] : [byDefault]) };
  if (found.routes === undefined && found.pools.size > 1) issues.push(routesMissing([...found.pools.keys()]));
  issues.push(...checkReferences(outline));
  if (data === undefined) return { config: null, outline, issues };
  return { config: complete(data, byDefault), outline, issues };
}

// With one pool there is no need to say where connections go.
function defaultRoute([pool, ...others]: readonly string[]): Route | null {
  if (pool === undefined || others.length > 0) return null;
  const [name, listener, hosts, paths] = [null, null, null, null];
  const tries = DEFAULTS['routes.*.tries'].value;
  const proxyStatus = DEFAULTS['routes.*.proxyStatus'].value;
  const trace = DEFAULTS['routes.*.trace'].value;
  const said = { timeouts: {}, limits: {}, forward: {}, answers: [], pathPolicy: {} };
  return { name, listener, hosts, paths, pool, ...said, tries, proxyStatus, trace };
}

function routesMissing(pools: readonly string[]): Issue {
  return issue('routes', 'ROUTES_MISSING', { count: pools.length, pool: JSON.stringify(pools[0]) });
}

function complete(data: Read, byDefault: Route | null): ReadConfig {
  return {
    listeners: new Map(Object.entries(data.listeners)),
    pools: new Map(Object.entries(data.pools)),
    routes: data.routes ?? (byDefault === null ? [] : [byDefault]),
    timeouts: data.timeouts ?? {},
    limits: data.limits ?? {},
    accessLog: data.accessLog ?? null,
    forward: data.forward ?? {},
    drain: data.drain ?? DEFAULTS.drain.value,
    workers: data.workers ?? DEFAULTS.workers.value,
    portable: data.portable ?? DEFAULTS.portable.value,
  };
}
