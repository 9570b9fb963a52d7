/** Lengths of time, as users write them. */

import type { Parsed } from '../errors.js';
import { parseQuantity, type Quantity, writeQuantity } from './quantity.js';

const DURATION: Quantity = {
  one: 'ms',
  units: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  bad: 'BAD_DURATION',
  what: 'a time',
};

/** The milliseconds of `'250ms'`, `'5s'`, `'10m'`, `'1h'` or a plain number, within the range. */
export function parseDuration(
  written: string | number | boolean,
  range: readonly [number, number],
): Parsed<number> {
  return parseQuantity(DURATION, written, range);
}

/** Milliseconds in the largest unit that says them in whole numbers: `90000` is `'90s'`. */
export function writeDuration(milliseconds: number): string {
  return writeQuantity(DURATION, milliseconds);
}
