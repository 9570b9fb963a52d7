/** Lengths of time, as users write them. */

import { describe, finding, type Parsed } from '../errors.js';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

const WRITTEN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** The milliseconds of `'250ms'`, `'5s'`, `'10m'`, `'1h'` or a plain number, within the range. */
export function parseDuration(
  written: string | number | boolean,
  [least, most]: readonly [number, number],
): Parsed<number> {
  const milliseconds = typeof written === 'number' ? written : read(String(written));
  // Tenths of a second are fine, tenths of a millisecond are not: the core counts whole ones.
  if (milliseconds === null || !Number.isInteger(milliseconds)) {
    return { finding: finding('BAD_DURATION', { got: describe(written) }) };
  }
  if (milliseconds < least || milliseconds > most) {
    const values = {
      got: describe(written),
      what: 'a time',
      min: writeDuration(least),
      max: writeDuration(most),
    };
    return { finding: finding('OUT_OF_RANGE', values) };
  }
  return { value: milliseconds };
}

/** Milliseconds in the largest unit that says them in whole numbers: `90000` is `'90s'`. */
export function writeDuration(milliseconds: number): string {
  const unit = (['h', 'm', 's'] as const).find((unit) => milliseconds % UNITS[unit] === 0) ?? 'ms';
  return milliseconds === 0 ? '0ms' : `${milliseconds / UNITS[unit]}${unit}`;
}

function read(written: string): number | null {
  const [, digits, unit] = WRITTEN.exec(written) ?? [];
  if (digits === undefined || unit === undefined) return null;
  // Rounded where binary fractions leave a rest far below what can be written: 1.001s is 1001 ms.
  const exact = Number(digits) * UNITS[unit as keyof typeof UNITS];
  const whole = Math.round(exact);
  return Math.abs(exact - whole) < 1e-6 ? whole : exact;
}
