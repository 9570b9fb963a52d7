// What TypeScript refuses beforehand is what the core would refuse.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  ANSWERED,
  COST_STACK,
  MOST_ANSWER,
  MOST_CHOICES,
  MOST_COUNT,
  MOST_FIELDS,
  MOST_LINE,
  MOST_LOG_PARTS,
  MOST_LOG_TEXT,
  MOST_WORKERS,
} from '../../ts/plan/limits.js';

const source = ['verify.rs', 'cost.rs', 'lib.rs']
  .map((file) => readFileSync(new URL(`../../crates/plan/src/${file}`, import.meta.url), 'utf8'))
  .join('\n');

const limits = {
  MOST_WORKERS,
  MOST_CHOICES,
  COST_STACK,
  MOST_LINE,
  MOST_FIELDS,
  MOST_COUNT,
  MOST_LOG_PARTS,
  MOST_LOG_TEXT,
  MOST_ANSWER,
};

test.each(Object.entries(limits))('%s is that of crates/plan', (name, ours) => {
  const [, value = ''] = new RegExp(`const ${name}: \\w+ = (\\d+(?: \\* \\d+)*);`).exec(source) ?? [];
  const product = value.split(' * ').reduce((so, factor) => so * Number(factor), 1);
  expect(ours).toBe(product);
});

test('the statuses of answers are those of crates/plan', () => {
  const [, list = ''] = /const STATUSES: \[u16; \d+\] =\s*\[([\d, ]+)\];/.exec(source) ?? [];
  expect(list.split(', ').map(Number)).toEqual([...ANSWERED]);
});
