/**
 * Turns a draft into the bytes that the core decodes.
 *
 * A draft is a plan that still holds its tables where they are used. Encoding gives it a version,
 * names each table by the SHA-256 of its bytes, and leaves out the tables that the core holds.
 */

import { createHash } from 'node:crypto';
import type { CostOp, Picker, Plan, Pool } from './types.js';

/** The format of the plans that are written here. The core refuses any other. */
const FORMAT = 1;

/** A plan without its number, whose pools hold their tables themselves. */
export type Draft = Omit<Plan, 'format' | 'version' | 'pools'> & { pools: DraftPool[] };

/** A pool of a draft. */
export type DraftPool = Omit<Pool, 'picker'> & { picker: DraftPicker };

/** A picker that holds its table. */
export type DraftPicker =
  | { readonly kind: 'cycle'; readonly table: Uint32Array | readonly number[] }
  | { readonly kind: 'least'; readonly cost: readonly CostOp[]; readonly choices: number | null };

/** A plan as it travels. */
export interface Encoded {
  /** The plan, as JSON. */
  readonly json: Uint8Array;
  /** The tables that the core does not hold yet. */
  readonly tables: Uint8Array[];
  /** The names of all tables of this plan: what the core holds once it runs it. */
  readonly names: ReadonlySet<string>;
}

/** The bytes of plan number `version`, for a core that holds the tables named `held`. */
export function encode(draft: Draft, version: number, held: ReadonlySet<string>): Encoded {
  const tables = new Map<string, Uint8Array>();
  const pools = draft.pools.map((pool) => ({ ...pool, picker: named(pool.picker, tables) }));
  const { engine, accessLog, listeners, rules, routes, endpoints } = draft;
  // The order of these fields is the order of the bytes.
  const plan: Plan = { format: FORMAT, version, engine, accessLog, listeners, rules, routes, pools, endpoints };
  return {
    json: new TextEncoder().encode(JSON.stringify(plan)),
    tables: [...tables].filter(([name]) => !held.has(name)).map(([, bytes]) => bytes),
    names: new Set(tables.keys()),
  };
}

function named(picker: DraftPicker, tables: Map<string, Uint8Array>): Picker {
  switch (picker.kind) {
    case 'cycle': {
      const bytes = littleEndian(picker.table);
      const table = createHash('sha256').update(bytes).digest('hex');
      tables.set(table, bytes);
      return { kind: 'cycle', table };
    }
    case 'least':
      return { kind: 'least', cost: [...picker.cost], choices: picker.choices };
  }
}

// Copied also where the machine is little-endian: what is handed over must not change afterwards.
function littleEndian(table: Uint32Array | readonly number[]): Uint8Array {
  const bytes = new Uint8Array(table.length * 4);
  const view = new DataView(bytes.buffer);
  table.forEach((entry, at) => view.setUint32(at * 4, entry, true));
  return bytes;
}
