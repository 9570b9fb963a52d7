// Numbers of bytes as users write them.
import { expect, test } from 'vitest';
import { parseBytes, writeBytes } from '../../ts/config/bytes.js';

test.each([
  [0, 0],
  [250, 250],
  ['0KiB', 0],
  ['1KiB', 1024],
  ['1.5KiB', 1536],
  ['0.5MiB', 524_288],
  ['10MiB', 10_485_760],
  ['2GiB', 2_147_483_648],
  ['1048576GiB', 2 ** 50],
])('%s is %d bytes', (written, bytes) => {
  expect(parseBytes(written, [0, 2 ** 50])).toEqual({ value: bytes });
});

test.each([
  '',
  '5',
  '5B',
  '5KB',
  '5kib',
  '5 KiB',
  '-5KiB',
  '1e3KiB',
  '.5KiB',
  '1GiB1MiB',
  '0.3KiB',
  '5constructor',
  true,
  Number.NaN,
  Infinity,
  0.5,
])('%j is no number of bytes', (written) => {
  expect(parseBytes(written, [0, 1000])).toHaveProperty('finding.code', 'BAD_BYTES');
});

test.each([-1, 0, '2KiB', 1025])('%s is not from 1 to 1 KiB', (written) => {
  expect(parseBytes(written, [1, 1024])).toMatchObject({
    finding: { code: 'OUT_OF_RANGE', hint: 'give a number of bytes from 1 to 1KiB' },
  });
});

test('bytes are written in the largest unit that says them in whole numbers', () => {
  expect([0, 1, 1000, 1024, 1536, 65_536, 2 ** 20, 2 ** 31].map(writeBytes)).toEqual([
    '0',
    '1',
    '1000',
    '1KiB',
    '1536',
    '64KiB',
    '1MiB',
    '2GiB',
  ]);
});
