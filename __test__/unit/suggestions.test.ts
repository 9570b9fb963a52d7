// The hints about names that do not exist.
import { expect, test } from 'vitest';
import { suggest } from '../../ts/config/suggest.js';

test.each([
  ['wbe', ['adm', 'web'], 'did you mean "web"?'],
  ['Web', ['adm', 'web'], 'did you mean "web"?'],
  ['round-robbin', ['round-robin', 'two-choices'], 'did you mean "round-robin"?'],
  ['cat', ['dog', 'web'], 'the pools are "dog" and "web"'],
  ['a', ['b'], 'there is only "b"'],
  ['cat', [], 'there are no pools'],
  ['x'.repeat(10_000), ['web'], 'there is only "web"'],
])('%.20s among %j', (written, names, hint) => {
  expect(suggest(written, names, 'pools')).toBe(hint);
});

test('many names are not all listed', () => {
  const names = Array.from({ length: 1000 }, (_, at) => `pool-${at}`);
  expect(suggest('something', names, 'pools')).toBe('there are 1000 pools, such as "pool-0"');
});
