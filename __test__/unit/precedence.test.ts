// Which rule comes first, and what is left.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Door, doorsOf, findGaps, inOrder, type Rule } from '../../ts/rules/precedence.js';

/** A rule, written short: the host and the path, and the listeners behind `@`. */
function rule(short: string): Rule & { short: string } {
  const [, host = '', path, names] = /^([^/@]*)(\/[^@]*)?(?:@(.*))?$/.exec(short) ?? [];
  return {
    short,
    listeners: names?.split(',') ?? null,
    host: host === '' ? null : host,
    path: path === undefined ? null : path.replace(/\/$/, ''),
  };
}

const shorts = (rules: readonly { short: string }[]) => rules.map(({ short }) => short);

// Conformance: 31.
test('a host goes before none, the longer path before the shorter, named listeners before all', () => {
  const sorted = ['a/v2/x@web', 'b/v2/x', 'b/v1@adm', 'a/v2', 'a@web', 'b', '/v2/x', '/v1@web', '/v2', '@web', ''];
  expect(shorts(inOrder(sorted.map(rule)))).toEqual(sorted);
  expect(shorts(inOrder(sorted.toReversed().map(rule)))).toEqual(sorted);
});

test('between equals, the first written goes first', () => {
  const all = { ...rule(''), short: 'first' };
  expect(shorts(inOrder([all, rule('')]))).toEqual(['first', '']);
  for (const equals of [['b/x', 'a/y'], ['b', 'a/'], ['/', ''], ['', '/']]) {
    expect(shorts(inOrder(equals.map(rule)))).toEqual(equals);
  }
});

const bytes: Door[] = ['web', 'adm'].map((name) => ({ name, speaksHttp: false }));
const mixed: Door[] = [
  { name: 'web', speaksHttp: true },
  { name: 'raw', speaksHttp: false },
];

test('a rule that looks at requests takes only what comes by HTTP', () => {
  const open = (short: string) => doorsOf(rule(short), mixed).map(({ name }) => name);
  expect(open('')).toEqual(['web', 'raw']);
  expect(['a', '/', '/v2', 'a@web,raw'].map(open)).toEqual([['web'], ['web'], ['web'], ['web']]);
  expect(['a@raw', '/@raw'].map(open)).toEqual([[], []]);
});

test.each<[string[], readonly Door[], string[], string[]]>([
  [[''], bytes, [], []],
  [['@web'], bytes, [], ['adm']],
  [['@web', '@adm', ''], bytes, [''], []],
  [['@web', '@web,adm'], bytes, [], []],
  [['@web,adm', '@web', '@adm'], bytes, ['@web', '@adm'], []],
  [[], bytes, [], ['web', 'adm']],
  [['a'], bytes, ['a'], ['web', 'adm']],
  [['a'], mixed, [], ['raw']],
  [['/', ''], mixed, [], []],
  [['', '/'], mixed, ['/'], []],
  [['a/v2@web', 'a/v2', 'a/v2/x', 'a', ''], mixed, ['a/v2'], []],
  [['/v2', 'a/v2', 'a'], mixed, [], ['raw']],
])('the gaps of %j', (written, doors, unreachable, unrouted) => {
  const gaps = findGaps(inOrder(written.map(rule)), doors);
  expect({ unreachable: shorts(gaps.unreachable), unrouted: gaps.unrouted }).toEqual({ unreachable, unrouted });
});

test('a rule is unreachable exactly when no request and no connection finds it first', () => {
  const short = fc
    .tuple(
      fc.constantFrom('', 'a', 'b'),
      fc.constantFrom('', '/', '/v1', '/v1/x', '/v10'),
      fc.constantFrom('', '@web', '@raw', '@web,raw'),
    )
    .map((parts) => rule(parts.join('')));
  const asked = ['a', 'b', 'c'].flatMap((host) =>
    ['/', '/v1', '/v1/x', '/v1/y', '/v10', '/z'].map((path) => ({ host, path })),
  );
  const takes = (one: Rule, door: Door, request: { host: string; path: string } | null) =>
    doorsOf(one, [door]).length === 1 &&
    (one.host === null || one.host === request?.host) &&
    ((one.path ?? '') === '' || `${request?.path}/`.startsWith(`${one.path}/`));
  fc.assert(
    fc.property(fc.array(short, { maxLength: 8 }), (rules) => {
      const order = inOrder(rules);
      const found = mixed.flatMap((door) =>
        (door.speaksHttp ? asked : [null]).map((request) => order.find((one) => takes(one, door, request))),
      );
      const gaps = findGaps(order, mixed);
      expect(gaps.unreachable).toEqual(order.filter((one) => !found.includes(one)));
    }),
    { numRuns: 1000 },
  );
});
