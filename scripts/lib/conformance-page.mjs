// Writes which test shows which behaviour of HTTP, as a page for readers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, root } from './paths.mjs';

/** Behaviours that are not built yet. Who builds one gives it a test and takes it from here. */
export const AWAITED = [];

/** The page of what is in the repository now. */
export const conformancePage = () =>
  pageOf({
    behaviours: JSON.parse(readFileSync(at('__test__', 'conformance', 'behaviours.json'), 'utf8')),
    rows: JSON.parse(readFileSync(at('__test__', 'corpus', 'hostile.json'), 'utf8')),
    tests: testFiles().flatMap((path) => testsOf(path, readFileSync(at(path), 'utf8'))),
    awaited: AWAITED,
  });

/** The page; `tests` are what `testsOf` finds, `rows` the hostile messages. */
export function pageOf({ behaviours, rows, tests, awaited }) {
  const known = new Set(behaviours.map(({ line }) => line));
  for (const { name, lines } of [...tests, ...rows.map(({ id, lines }) => ({ name: id, lines }))]) {
    const unknown = lines.find((line) => !known.has(line));
    if (unknown !== undefined) throw new Error(`"${name}" shows line ${unknown}, which is no behaviour`);
  }
  const works = tests.filter(({ ignored }) => ignored === undefined);
  const wrong = tests.filter(({ ignored }) => ignored !== undefined);
  const shownBy = (line) => works.filter(({ lines }) => lines.includes(line));
  for (const { line } of behaviours) {
    const [has, waits] = [shownBy(line).length > 0, awaited.includes(line)];
    if (!has && !waits) throw new Error(`no test shows line ${line}`);
    if (has && waits) throw new Error(`line ${line} has a test: it is awaited no longer`);
  }
  const table = behaviours
    .filter(({ line }) => !awaited.includes(line))
    .map(({ line, says, source }) => {
      const messages = rows.filter(({ lines }) => lines.includes(line)).map(({ id }) => id);
      const shown = shownBy(line).map(({ name, path }) => `${name} (\`${path}\`)`);
      if (messages.length > 0) shown.push(`hostile messages ${messages.join(', ')}`);
      return `| ${line} | ${says} | ${source} | ${shown.join('<br>')} |`;
    });
  const missing = behaviours.filter(({ line }) => awaited.includes(line)).map(({ line, says }) => `- ${line}: ${says}`);
  return `<!-- Generated from the tests by \`npm run generate\`. Do not edit. -->

# HTTP/1 conformance

What holds between clients and endpoints, where it is written, and the tests that show it. The hostile messages are those of
\`__test__/corpus/hostile.json\`: each is sent whole and one byte a segment, by \`crates/engine/tests/stories/hostile.rs\`.

| line | behaviour | written in | shown by |
| --- | --- | --- | --- |
${table.join('\n')}
${section('Awaited', missing)}${section(
    'Known to be wrong',
    wrong.map(({ name, path, lines, ignored }) => `- ${lines.join(', ')}: ${name} (\`${path}\`): ${ignored}`),
  )}`;
}

const section = (title, lines) => (lines.length === 0 ? '' : `\n## ${title}\n\n${lines.join('\n')}\n`);

// A doc comment line, then others and attributes, then the function; in TypeScript a comment above `test`.
const RUST = /^\s*\/\/\/ Conformance: ([\w, ]+)\.\n((?:\s*(?:\/\/\/|#\[).*\n)*)\s*fn (\w+)\(\)/gm;
const TYPESCRIPT = /^\/\/ Conformance: ([\w, ]+)\.\n()test\('([^'\n]+)'/gm;
const IGNORED = /#\[ignore = "(.+)"\]/;

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
    ignored: IGNORED.exec(attributes)?.[1],
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
