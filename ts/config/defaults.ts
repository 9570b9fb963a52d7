/**
 * Every default, with its unit, its range and its reason. `docs/defaults.md` is generated from this
 * table by `npm run generate`.
 */

import { MOST_WORKERS } from '../plan/limits.js';

/** One default. */
export interface Default {
  /** What holds when nothing is said. `null` is decided where it runs. */
  readonly value: string | number | boolean | null;
  /** What the value counts, or what kind of value it is. */
  readonly unit: 'milliseconds' | 'connections' | 'threads' | 'choice' | 'switch';
  /** The smallest and the largest value that is accepted, where it is a number. */
  readonly range?: readonly [number, number];
  /** Why this value. */
  readonly reason: string;
}

/** The longest time that can be asked for: 1000 hours, which the core's 32 bits hold. */
const LONGEST = 1000 * 60 * 60 * 1000;

/** The table. Its keys are the paths that users write; what is `fixed.` cannot be changed yet. */
export const DEFAULTS = {
  'listeners.*.accept': {
    value: 'per-worker',
    unit: 'choice',
    reason:
      'Workers that accept for themselves share nothing. A Unix socket is handed off: it cannot be shared.',
  },
  'listeners.*.backlog': {
    value: 4096,
    unit: 'connections',
    range: [1, 65_535],
    reason: 'What Linux allows by default; a burst of connections waits instead of being dropped.',
  },
  'pools.*.algorithm': {
    value: 'two-choices',
    unit: 'choice',
    reason: 'It evens out connections of unequal length and costs the same for any number of endpoints.',
  },
  'timeouts.connect': {
    value: 5_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Covers two lost SYNs (1 s and 2 s until they are sent again); more hardly ever succeeds.',
  },
  'timeouts.idle': {
    value: 10 * 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Longer than what clients and endpoints use themselves, so that they end their own connections.',
  },
  'timeouts.halfClose': {
    value: 30_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'One side has finished; a peer that has vanished must not hold the other half for long.',
  },
  drain: {
    value: 30_000,
    unit: 'milliseconds',
    range: [0, LONGEST],
    reason: 'What process managers commonly grant between asking a process to end and killing it.',
  },
  workers: {
    value: null,
    unit: 'threads',
    range: [1, MOST_WORKERS],
    reason: "Follows the processors that the process may use, by its cgroup's quota too, when it starts.",
  },
  portable: {
    value: false,
    unit: 'switch',
    reason: 'What the system offers is faster; the portable way is for comparing and for finding faults.',
  },
  'fixed.leave': {
    value: 1_000,
    unit: 'milliseconds',
    reason: 'A socket that leaves still accepts connections whose handshake was under way, so none is reset.',
  },
} as const satisfies Record<string, Default>;

/** The default of a time, with the range that its setting accepts. */
export type TimeSetting = 'timeouts.connect' | 'timeouts.idle' | 'timeouts.halfClose' | 'drain';
