// Writes which test shows which behaviour of HTTP, as a page for readers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, root } from './paths.mjs';

/** The page of what is in the repository now. */
export const conformancePage = () =>
  pageOf({
    behaviours: JSON.parse(readFileSync(at('__test__', 'conformance', 'behaviours.json'), 'utf8')),
    rows: JSON.parse(readFileSync(at('__test__', 'corpus', 'hostile.json'), 'utf8')),
    tests: testFiles().flatMap((path) => testsOf(path, readFileSync(at(path), 'utf8'))),
  });

/** The page; `tests` are what `testsOf` finds, `rows` the hostile messages. */
export function pageOf({ behaviours, rows, tests }) {
  const known = new Set(behaviours.map(({ line }) => line));
  for (const { name, lines } of [...tests, ...rows.map(({ id, lines }) => ({ name: id, lines }))]) {
    const unknown = lines.find((line) => !known.has(line));
    if (unknown !== undefined) throw new Error(`"${name}" shows line ${unknown}, which is no behaviour`);
  }
  const works = tests.filter(({ isIgnored }) => !isIgnored);
  const shownBy = (line) => works.filter(({ lines }) => lines.includes(line));
  for (const { line } of behaviours) {
    if (shownBy(line).length === 0) throw new Error(`no test shows line ${line}`);
  }
  const table = behaviours.map(({ line, says, source }) => {
    const messages = rows.filter(({ lines }) => lines.includes(line)).map(({ id }) => id);
    const shown = shownBy(line).map(({ name, path }) => `${name} (\`${path}\`)`);
    if (messages.length > 0) shown.push(`hostile messages ${messages.join(', ')}`);
    return `| ${line} | ${says} | ${source} | ${shown.join('<br>')} |`;
  });
  return `<!-- Generated from the tests by \`npm run generate\`. Do not edit. -->

# HTTP/1 conformance

What holds between clients and endpoints, where it is written, and the tests that show it. The hostile messages are those of
\`__test__/corpus/hostile.json\`: each is sent whole and one byte a segment, by \`crates/engine/tests/stories/hostile.rs\`.

| line | behaviour | written in | shown by |
| --- | --- | --- | --- |
${table.join('\n')}
`;
}

// A doc comment line, then others and attributes, then the function; in TypeScript a comment above `test`.
const RUST = /^\s*\/\/\/ Conformance: ([\w, ]+)\.\n((?:\s*(?:\/\/\/|#\[).*\n)*)\s*fn (\w+)\(\)/gm;
const TYPESCRIPT = /^\/\/ Conformance: ([\w, ]+)\.\n()test\('([^'\n]+)'/gm;

/** The tests in a file that say which lines they show: `Conformance: 12, 44.` right above them. */
export function testsOf(path, text) {
  const found = [...text.matchAll(path.endsWith('.rs') ? RUST : TYPESCRIPT)];
  const said = text.match(/^\s*\/\/\/? Conformance:/gm)?.length ?? 0;
  const tested = found.filter(([, , attributes]) => !path.endsWith('.rs') || attributes.includes('#[test]'));
  if (tested.length !== said) throw new Error(`${path}: a line "Conformance: …" that no test follows`);
  return tested.map(([, lines, attributes, name]) => ({
    path,
    name: name.replaceAll('_', ' '),
    lines: lines.split(', '),
    isIgnored: attributes.includes('#[ignore'),
  }));
}

/** Every file of tests, in one order everywhere. */
function testFiles() {
  const under = (folder, ends) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith(ends));
  return [...under('crates', '.rs'), ...under('__test__', '.test.ts')].sort();
}
