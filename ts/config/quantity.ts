/** Whole numbers with a unit, as users write them: the ground of durations and of bytes. */

import { describe, finding, type Parsed } from '../errors.js';

/** Something that is counted, and how that is written. */
export interface Quantity {
  /** What a number alone counts; `''` where that unit is never written. */
  readonly one: string;
  /** How many of it each unit is, from the smallest to the largest. */
  readonly units: Readonly<Record<string, number>>;
  /** The issue of a text that says no such thing. */
  readonly bad: 'BAD_DURATION' | 'BAD_BYTES';
  /** What to give, in the hint of one that is out of range. */
  readonly what: string;
}

/** How many `written` says, within the range. */
export function parseQuantity(
  quantity: Quantity,
  written: string | number | boolean,
  [least, most]: readonly [number, number],
): Parsed<number> {
  const number = typeof written === 'number' ? written : read(quantity, String(written));
  // The core counts whole ones, so 1.5 of a larger unit may be fine and 0.5 of the smallest is not.
  if (number === null || !Number.isInteger(number)) {
    return { finding: finding(quantity.bad, { got: describe(written) }) };
  }
  if (number < least || number > most) {
    const [min, max] = [least, most].map((end) => writeQuantity(quantity, end)) as [string, string];
    return { finding: finding('OUT_OF_RANGE', { got: describe(written), what: quantity.what, min, max }) };
  }
  return { value: number };
}

/** A number in the largest unit that says it in whole ones. */
export function writeQuantity({ one, units }: Quantity, number: number): string {
  const fits = Object.entries(units).findLast(([, size]) => number % size === 0);
  if (fits === undefined || number === 0) return `${number}${one}`;
  const [unit, size] = fits;
  return `${number / size}${unit}`;
}

function read({ units }: Quantity, written: string): number | null {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/i.exec(written) ?? [];
  if (digits === undefined || !Object.hasOwn(units, unit)) return null;
  // Rounded where binary fractions leave a rest far below what can be written: 1.001s is 1001 ms.
  const exact = Number(digits) * (units[unit] ?? Number.NaN);
  const whole = Math.round(exact);
  return Math.abs(exact - whole) < 1e-6 ? whole : exact;
}
