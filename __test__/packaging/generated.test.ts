// What is generated and committed is what the generator writes now.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { conformancePage, pageOf, testsOf } from '../../scripts/lib/conformance-page.mjs';
import { defaultsPage } from '../../scripts/lib/defaults-page.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { DEFAULTS } from '../../ts/config/defaults.js';

test('docs/defaults.md is fresh: otherwise run `npm run generate`', () => {
  expect(readFileSync(at('docs', 'defaults.md'), 'utf8')).toBe(defaultsPage(DEFAULTS));
});

test('docs/http-conformance.md is fresh: otherwise run `npm run generate`', () => {
  expect(readFileSync(at('docs', 'http-conformance.md'), 'utf8')).toBe(conformancePage());
});

describe('the page of conformance', () => {
  const rust = (above: string) => `/// Conformance: 1, 2a.\n${above}fn a_thing_holds() {\n`;
  const behaviours = ['1', '2a'].map((line) => ({ line, says: 'It holds.', source: 'RFC 9112' }));
  const page = (text: string, rows: { id: string; lines: string[] }[] = []) =>
    pageOf({ behaviours, rows, tests: testsOf('a.rs', text) });

  test('names tests by their words, and hostile messages by their ids', () => {
    const row = '| 1 | It holds. | RFC 9112 | a thing holds (`a.rs`)<br>hostile messages S01 |';
    expect(page(rust('#[test]\n'), [{ id: 'S01', lines: ['1'] }])).toContain(row);
    expect(testsOf('a.test.ts', "// Conformance: 1.\ntest('it holds', () => {")).toMatchObject([{ name: 'it holds' }]);
  });

  test('a test that does not run shows nothing', () => {
    expect(() => page(rust('#[test]\n#[ignore = "it is late"]\n'))).toThrow('no test shows line 1');
  });

  test.each([
    ['a line without a test', '', [], 'no test shows line 1'],
    ['a function that is no test', rust(''), [], 'that no test follows'],
    ['a line that is not there', rust('#[test]\n'), [{ id: 'S01', lines: ['3'] }], '"S01" shows line 3'],
  ])('refuses %s', (_what, text, rows, message) => {
    expect(() => page(text, rows)).toThrow(message);
  });
});
