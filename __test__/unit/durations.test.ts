// Lengths of time as users write them.
import { expect, test } from 'vitest';
import { parseDuration, writeDuration } from '../../ts/config/duration.js';

test.each([
  [0, 0],
  [250, 250],
  ['250ms', 250],
  ['5s', 5_000],
  ['1.5s', 1_500],
  ['1.001s', 1_001],
  ['0.1h', 360_000],
  ['10m', 600_000],
  ['1000h', 3_600_000_000],
])('%s is %d ms', (written, milliseconds) => {
  expect(parseDuration(written, [0, 3_600_000_000])).toEqual({ value: milliseconds });
});

test.each([
  '',
  '5',
  ' 5s',
  '5 s',
  '-5s',
  '5S',
  '1e3ms',
  '.5s',
  '5.s',
  '1h30m',
  '0.3ms',
  Number.NaN,
  Infinity,
  0.5,
])('%j is no length of time', (written) => {
  expect(parseDuration(written, [0, 1000])).toHaveProperty('finding.code', 'BAD_DURATION');
});

test.each([-1, 0, '101ms', '1s', 101])('%s is not from 1 ms to 100 ms', (written) => {
  expect(parseDuration(written, [1, 100])).toMatchObject({
    finding: { code: 'OUT_OF_RANGE', hint: 'give a time from 1ms to 100ms' },
  });
});

test('a length of time is written in the largest unit that says it in whole numbers', () => {
  expect([0, 1, 1_500, 5_000, 90_000, 600_000, 3_600_000].map(writeDuration)).toEqual([
    '0ms',
    '1ms',
    '1500ms',
    '5s',
    '90s',
    '10m',
    '1h',
  ]);
});
