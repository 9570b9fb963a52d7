// The contract of algorithms. A new one joins with one line.
import { describe, expect, test } from 'vitest';
import { checkPicker } from '../../ts/algorithms/check.js';
import { BUILT_IN } from '../../ts/algorithms/registry.js';

const algorithms: Record<string, { options: Record<string, unknown>; wrong: Record<string, unknown> }> = {
  'round-robin': { options: {}, wrong: { step: 2 } },
  'two-choices': { options: {}, wrong: { choices: 3 } },
};

function some(count: number) {
  return Object.freeze(Array.from({ length: count }, (_, at) => Object.freeze({ name: `e${at}` })));
}

test('every algorithm is here', () => {
  expect(Object.keys(algorithms).toSorted()).toEqual([...BUILT_IN.keys()].toSorted());
});

describe.each(Object.entries(algorithms))('%s', (name, { options, wrong }) => {
  const algorithm = BUILT_IN.get(name);
  if (algorithm === undefined) throw new Error(`${name} is not there`);

  test.each([1, 2, 3, 64, 1000])('gives a picker that the core accepts for %d endpoints', (count) => {
    expect(checkPicker(algorithm(some(count), options), count)).toHaveProperty('picker');
  });

  test('is pure: the same endpoints give the same picker, and nothing is changed', () => {
    expect(algorithm(some(7), Object.freeze(options))).toEqual(algorithm(some(7), options));
  });

  test('can reach every endpoint', () => {
    const picker = algorithm(some(5), options);
    // `least` compares them all or draws from them all.
    const reached = picker.kind === 'cycle' ? new Set(picker.table) : new Set([0, 1, 2, 3, 4]);
    expect(reached).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test('refuses options that it does not know', () => {
    expect(() => algorithm(some(2), wrong)).toThrow(/options/);
  });
});
