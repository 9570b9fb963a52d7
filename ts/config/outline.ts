/**
 * What can be made out of a configuration in which anything may be wrong.
 *
 * The schema says what is wrong with single pieces and then has nothing to show. This reads the
 * same pieces one by one and puts `null` where one is wrong, so that what is wrong *between* pieces
 * can be said at the same time.
 */

import { z } from 'zod';
import type { ListenerOutline, Outline, PoolOutline, RouteOutline } from './pieces.js';
import { accept, algorithm, endpoint, host, listenAddress, prefix } from './schema.js';

/** An outline in which routes may have been left out. */
export type RoughOutline = Omit<Outline, 'routes'> & { readonly routes: readonly RouteOutline[] | undefined };

/** The outline of what was written; `null` when not even its parts can be told apart. */
export function outlineOf(written: unknown): RoughOutline | null {
  const { listeners, pools, routes } = tolerant.parse(written);
  if (listeners === null || pools === null) return null;
  return { listeners: new Map(Object.entries(listeners)), pools: new Map(Object.entries(pools)), routes };
}

const text = z.string();

const listener = z.union([
  listenAddress.transform((spot): ListenerOutline => ({ ...spot, accept: null, saysHttp: false })),
  z
    .object({ address: orNull(listenAddress), accept: orNull(accept), http: z.unknown().optional() })
    .transform(({ address: spot, accept, http }): ListenerOutline => ({
      address: spot?.address ?? null,
      protocol: spot?.protocol ?? null,
      accept,
      saysHttp: http !== undefined,
    })),
]);

const pool = z.object({
  endpoints: z.array(orNull(endpoint)).catch([null]),
  algorithm: orNull(algorithm),
});

const match = z.object({
  listener: oneOrMore(text),
  host: oneOrMore(host),
  path: oneOrMore(prefix),
});

// `undefined` for what was not written, and `null` in the place of what is wrong.
function oneOrMore(
  piece: z.ZodType<string>,
): z.ZodType<string | readonly (string | null)[] | undefined> {
  return z
    .union([piece, z.array(orNull(piece))])
    .optional()
    .catch([null]);
}

const route = z
  .object({
    name: orNull(text),
    match: match.optional().catch({ listener: [null], host: undefined, path: undefined }),
    pool: orNull(text),
  })
  .transform(({ name, match, pool }): RouteOutline => ({
    name,
    listener: match?.listener ?? null,
    hosts: match?.host === undefined ? null : [match.host].flat(),
    paths: match?.path === undefined ? null : [match.path].flat(),
    pool,
  }));

/** A route of which nothing could be read. */
export const UNREADABLE: RouteOutline = {
  name: null,
  listener: [null],
  hosts: null,
  paths: null,
  pool: null,
};

const tolerant = z
  .object({
    listeners: z
      .record(text, listener.catch({ address: null, protocol: null, accept: null, saysHttp: false }))
      .nullable()
      .catch(null),
    pools: z
      .record(text, pool.catch({ endpoints: [null], algorithm: null } satisfies PoolOutline))
      .nullable()
      .catch(null),
    routes: z.array(route.catch(UNREADABLE)).optional().catch([UNREADABLE]),
  })
  .catch({ listeners: null, pools: null, routes: undefined });

function orNull<T>(piece: z.ZodType<T>): z.ZodType<T | null> {
  return piece.nullable().catch(null);
}
