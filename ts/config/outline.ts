/**
 * What can be made out of a configuration in which anything may be wrong.
 *
 * The schema says what is wrong with single pieces and then has nothing to show. This reads the
 * same pieces one by one and puts `null` where one is wrong, so that what is wrong *between* pieces
 * can be said at the same time.
 */

import { z } from 'zod';
import type { Outline, PoolOutline, RouteOutline } from './pieces.js';
import { accept, algorithm, endpoint, listenAddress } from './schema.js';

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
  listenAddress.transform(({ address }) => ({ address, accept: null })),
  z
    .object({ address: orNull(listenAddress), accept: orNull(accept) })
    .transform(({ address, accept }) => ({ address: address?.address ?? null, accept })),
]);

const pool = z.object({
  endpoints: z.array(orNull(endpoint)).catch([null]),
  algorithm: orNull(algorithm),
});

const match = z.object({
  listener: z
    .union([text, z.array(orNull(text))])
    .optional()
    .catch([null])
    .transform((names) => names ?? null),
});

const route = z
  .object({
    name: orNull(text),
    match: match.optional().catch({ listener: [null] }),
    pool: orNull(text),
  })
  .transform(({ name, match, pool }): RouteOutline => ({ name, listener: match?.listener ?? null, pool }));

/** A route of which nothing could be read. */
export const UNREADABLE: RouteOutline = { name: null, listener: [null], pool: null };

const tolerant = z
  .object({
    listeners: z
      .record(text, listener.catch({ address: null, accept: null }))
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
