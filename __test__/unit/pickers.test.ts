// What algorithms are made of, and the check of what they give.
import { describe, expect, test } from 'vitest';
import { checkPicker } from '../../ts/algorithms/check.js';
import type { Algorithm } from '../../ts/algorithms/contract.js';
import { constant, inflight, open } from '../../ts/algorithms/cost.js';
import { cycle, least } from '../../ts/algorithms/pickers.js';
import { compile } from '../../ts/compile/compile.js';
import { COST_STACK } from '../../ts/plan/limits.js';
import { issuesOf } from '../support/issues.js';

describe('a cost', () => {
  test('is sent as a postfix program', () => {
    expect(inflight.plus(1).times(2).over(open).program).toEqual([
      { op: 'inflight' },
      { op: 'number', value: 1 },
      { op: 'plus' },
      { op: 'number', value: 2 },
      { op: 'times' },
      { op: 'open' },
      { op: 'over' },
    ]);
  });

  test('keeps the grouping of its operands', () => {
    expect(
      constant(1)
        .over(inflight.plus(open))
        .program.map(({ op }) => op),
    ).toEqual(['number', 'inflight', 'open', 'plus', 'over']);
  });

  test('is a value: combining does not change it', () => {
    const before = [...inflight.program];
    inflight.plus(1);
    expect(inflight.program).toEqual(before);
    expect(Object.isFrozen(inflight.program)).toBe(true);
  });

  test('may be as deep as the core allows, and no deeper', () => {
    let right = constant(1);
    for (let depth = 1; depth < COST_STACK; depth++) right = inflight.plus(right);
    expect(checkPicker(least(right), 1)).toHaveProperty('picker');
    expect(checkPicker(least(inflight.plus(right)), 1)).toMatchObject({ place: 'a wrong cost' });
    let left = constant(1);
    for (let length = 0; length < 100; length++) left = left.plus(inflight);
    expect(checkPicker(least(left), 1)).toHaveProperty('picker');
  });
});

describe('what an algorithm gives is refused', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['when it is nothing', undefined, 'no picker', /undefined/],
    ['when it is a number', 3, 'no picker', /3/],
    ['when its kind is unknown', { kind: 'hash' }, 'no picker', /"hash"/],
    ['when it is a promise', Promise.resolve(cycle([0])), 'a promise', /async/],
    ['when the table is missing', { kind: 'cycle' }, 'a wrong table', /undefined/],
    ['when the table is empty', cycle([]), 'a wrong table', /empty/],
    ['when the table leaves the pool', cycle([0, 3]), 'a wrong table', /entry 1 is 3.*0 to 2/],
    ['when the table goes below it', cycle([-1]), 'a wrong table', /-1/],
    ['when an entry is no whole number', cycle([0.5]), 'a wrong table', /0\.5/],
    [
      'when an entry is missing',
      { kind: 'cycle', table: Array.from({ length: 2 }) },
      'a wrong table',
      /undefined/,
    ],
    ['when it draws none', least(inflight, { choices: 0 }), 'wrong choices', /0/],
    ['when it draws too many', least(inflight, { choices: 33 }), 'wrong choices', /33/],
    ['when the cost is missing', { kind: 'least', choices: null }, 'a wrong cost', /undefined/],
    ['when the cost is empty', { kind: 'least', cost: [], choices: null }, 'a wrong cost', /0 numbers/],
    [
      'when a step is unknown',
      { kind: 'least', cost: [{ op: 'minus' }], choices: null },
      'a wrong cost',
      /step 0/,
    ],
    ['when a number is not finite', least(constant(Number.NaN)), 'a wrong cost', /step 0/],
    [
      'when an operand is missing',
      { kind: 'least', cost: [{ op: 'open' }, { op: 'plus' }], choices: null },
      'a wrong cost',
      /takes two/,
    ],
    [
      'when operands are left',
      { kind: 'least', cost: [{ op: 'open' }, { op: 'open' }], choices: null },
      'a wrong cost',
      /2 numbers/,
    ],
  ])('%s', (_, given, place, reason) => {
    expect(checkPicker(given, 3)).toMatchObject({ place, reason: expect.stringMatching(reason) });
  });
});

test('tables may be typed arrays, and extra fields do not travel', () => {
  const table = new Uint32Array([2, 1, 0]);
  expect(checkPicker({ kind: 'cycle', table, note: 1 }, 3)).toEqual({ picker: { kind: 'cycle', table } });
  const cost = [{ op: 'open', note: 1 }];
  expect(checkPicker({ kind: 'least', cost, choices: 1 }, 3)).toEqual({
    picker: { kind: 'least', cost: [{ op: 'open' }], choices: 1 },
  });
});

function config(endpoints: string[]) {
  return {
    listeners: { web: ':80' },
    pools: { api: { endpoints, algorithm: { name: 'mine', options: { first: 2 } } } },
  };
}

const intruder = (endpoints: { name: string }[]) => endpoints.push({ name: 'x' });

describe('a registered algorithm', () => {
  test('sees the endpoints sorted by name, and its options', () => {
    let seen: unknown;
    const mine: Algorithm = (endpoints, options) => {
      seen = { endpoints, options };
      return cycle(endpoints.keys());
    };
    compile(config(['b=:1', 'a=:2', 'B=:3']), { mine });
    expect(seen).toEqual({ endpoints: [{ name: 'B' }, { name: 'a' }, { name: 'b' }], options: { first: 2 } });
  });

  test('cannot change what it sees', () => {
    expect(issuesOf(() => compile(config([':1']), { mine: intruder }))).toMatchObject([
      { code: 'ALGORITHM_THREW' },
    ]);
  });

  test('that throws or is wrong is an issue of its pool, beside all others', () => {
    const issues = issuesOf(() =>
      compile(
        { ...config([':1']), drain: 'x' },
        {
          mine: () => {
            throw new Error('no luck');
          },
        },
      ),
    );
    expect(issues).toMatchObject([
      { path: 'drain', code: 'BAD_DURATION' },
      {
        path: 'pools.api.algorithm',
        code: 'ALGORITHM_THREW',
        message: 'the algorithm "mine" threw: no luck',
      },
    ]);
    expect(issuesOf(() => compile(config([':1']), { mine: () => cycle([1]) }))).toMatchObject([
      {
        path: 'pools.api.algorithm',
        code: 'ALGORITHM_WRONG',
        message: expect.stringContaining('entry 0 is 1'),
      },
    ]);
  });

  test('must be a function and may not take the name of one of ours', () => {
    const registered = { mine: 3, 'round-robin': () => cycle([0]) };
    expect(issuesOf(() => compile(config([':1']), registered))).toMatchObject([
      { path: 'algorithms.mine', code: 'ALGORITHM_NOT_FUNCTION' },
      { path: 'algorithms.round-robin', code: 'ALGORITHM_NAME_TAKEN' },
      { path: 'pools.api.algorithm', code: 'UNKNOWN_ALGORITHM' },
    ]);
  });
});
