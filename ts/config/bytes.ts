/** Numbers of bytes, as users write them. */

import type { Parsed } from '../errors.js';
import { parseQuantity, type Quantity, writeQuantity } from './quantity.js';

// No KB or MB: half of their readers take them for 1000 and half for 1024.
const BYTES: Quantity = {
  one: '',
  units: { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
  bad: 'BAD_BYTES',
  what: 'a number of bytes',
};

/** The bytes of `'16KiB'`, `'1.5MiB'`, `'2GiB'` or a plain number, within the range. */
export function parseBytes(
  written: string | number | boolean,
  range: readonly [number, number],
): Parsed<number> {
  return parseQuantity(BYTES, written, range);
}

/** Bytes in the largest unit that says them in whole numbers: `65536` is `'64KiB'`. */
export function writeBytes(bytes: number): string {
  return writeQuantity(BYTES, bytes);
}
