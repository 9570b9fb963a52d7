// What TypeScript refuses beforehand is what the core would refuse.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COST_STACK, MOST_CHOICES, MOST_WORKERS } from '../../ts/plan/limits.js';

const source = ['verify.rs', 'cost.rs', 'lib.rs']
  .map((file) => readFileSync(new URL(`../../crates/plan/src/${file}`, import.meta.url), 'utf8'))
  .join('\n');

test.each(Object.entries({ MOST_WORKERS, MOST_CHOICES, COST_STACK }))(
  '%s is that of crates/plan',
  (name, ours) => {
    const [, value] = new RegExp(`const ${name}: \\w+ = (\\d+);`).exec(source) ?? [];
    expect(ours).toBe(Number(value));
  },
);
