// Which route comes first, and what is left.
import { expect, test } from 'vitest';
import { findGaps, inOrder } from '../../ts/rules/precedence.js';

const all = { name: 'all', listeners: null };
const web = { name: 'web', listeners: ['web'] };
const both = { name: 'both', listeners: ['web', 'adm'] };
const adm = { name: 'adm', listeners: ['adm'] };

test('a rule that names its listeners goes first; between equals, the first written', () => {
  expect(inOrder([all, both, web])).toEqual([both, web, all]);
  expect(inOrder([{ ...all, name: 'first' }, all])).toEqual([{ ...all, name: 'first' }, all]);
});

test.each([
  [[all], [], []],
  [[web], [], ['adm']],
  [[web, adm, all], [all], []],
  [[web, both], [], []],
  [[both, web, adm], [web, adm], []],
  [[], [], ['web', 'adm']],
])('the gaps of %j', (rules, unreachable, unrouted) => {
  expect(findGaps(rules, ['web', 'adm'])).toEqual({ unreachable, unrouted });
});
