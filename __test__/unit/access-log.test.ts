// What users write of an access log, and what a line is made of.
import { describe, expect, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { LOG_VALUES, parseFieldName, parseLogSink, parseTemplate } from '../../ts/config/log-line.js';
import type { AccessLogConfig } from '../../ts/config/types.js';
import { MOST_LOG_PARTS, MOST_LOG_TEXT } from '../../ts/plan/limits.js';
import { issuesOf } from '../support/issues.js';

const compiled = (accessLog: string | AccessLogConfig) =>
  compile({ listeners: { web: 'http://:8080' }, pools: { api: { endpoints: [':3001'] } }, accessLog }).draft.accessLog;

const values = (log: ReturnType<typeof compiled>) =>
  (log?.parts ?? []).flatMap((part) => (part.kind === 'value' ? [part.value] : []));

const line = (log: ReturnType<typeof compiled>) =>
  (log?.parts ?? []).map((part) => (part.kind === 'text' ? part.text : '0')).join('');

const SECRET = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

const names = (log: ReturnType<typeof compiled>) =>
  (log?.parts ?? []).flatMap((part) => ('name' in part ? [part.name] : []));

test('nothing is logged where nothing is said', () => {
  const { draft } = compile({ listeners: { web: ':80' }, pools: { api: { endpoints: [':3001'] } } });
  expect(draft.accessLog).toBeNull();
});

describe('a line of JSON', () => {
  test('is an object with all that is known', () => {
    const log = compiled('stdout');
    expect(Object.keys(JSON.parse(line(log)))).toContain('time');
    expect(JSON.parse(line(log)).times).toEqual({ head: 0, queue: 0, connect: 0, firstByte: 0, total: 0 });
    const others = new Set(['commonTime', 'requestLine']);
    const all = Object.values(LOG_VALUES).filter((value) => !others.has(value));
    expect(new Set(values(log))).toEqual(new Set(all));
  });

  test('has the fields that are named, each once', () => {
    const log = compiled({ to: 'stdout', fields: { request: ['X-A', 'x-a', 'x"b'.replace('"', '')], response: ['etag'] } });
    expect(JSON.parse(line(log))).toMatchObject({ request: { 'x-a': 0, xb: 0 }, response: { etag: 0 } });
    expect(names(log)).toEqual(['x-a', 'xb', 'etag']);
  });

  test('has so many of them at most', () => {
    const many = Array.from({ length: 65 }, (_, at) => `x-${at}`);
    const issues = (request: string[]) => issuesOf(() => compiled({ to: 'stdout', fields: { request } }));
    expect(issues(many)).toMatchObject([{ path: 'accessLog.fields', code: 'TOO_MANY_LOG_FIELDS' }]);
    expect(issues(Array.from({ length: 17 }, (_, at) => `${'x'.repeat(124)}-${at}`))).toHaveLength(1);
    expect(compiled({ to: 'stdout', fields: { request: many.slice(1) } })?.parts.length).toBeLessThan(MOST_LOG_PARTS);
  });
});

test.each(['json', 'common', 'combined'] as const)('%s has no field with a secret by itself', (format) => {
  expect(names(compiled({ to: 'stdout', format })).filter((name) => SECRET.includes(name))).toEqual([]);
});

test('the common and the combined format are those of Apache', () => {
  const common = '0 - - [0] "0" 0 0';
  expect(line(compiled({ to: 'stdout', format: 'common' }))).toBe(common);
  expect(line(compiled({ to: 'stdout', format: 'combined' }))).toBe(`${common} "0" "0"`);
});

describe('a template', () => {
  test.each(Object.entries(LOG_VALUES))('knows {%s}', (name, value) => {
    expect(parseTemplate(`{${name}}`)).toEqual({ value: [{ kind: 'value', value }] });
  });

  test('has braces that are written twice, and texts in one piece', () => {
    expect(parseTemplate('a{{b}}c {status}')).toEqual({
      value: [
        { kind: 'text', text: 'a{b}c ' },
        { kind: 'value', value: 'status' },
      ],
    });
  });

  test.each([
    ['{status} }', 'alone'],
    ['{{status}', 'alone'],
    ['{sta{tus}}', 'alone'],
    ['{status}\n', 'a control character'],
    ['', 'names no value'],
    [`{status}${'x'.repeat(MOST_LOG_TEXT + 1)}`, 'bytes of text'],
    ['{status}'.repeat(MOST_LOG_PARTS + 1), 'parts'],
  ])('%j is none', (written, reason) => {
    expect(parseTemplate(written)).toMatchObject({
      finding: { code: 'BAD_TEMPLATE', message: expect.stringContaining(reason) },
    });
  });

  test.each(['{}', '{toString}', '{ status}', '{times}', '{response.}'])('%j names nothing', (written) => {
    expect(parseTemplate(written)).toHaveProperty('finding');
  });
});

test.each(['x', 'X-Forwarded-For', "!#$%&'*+-.^_`|~0"])('%j is a name of a field', (written) => {
  expect(parseFieldName(written)).toEqual({ value: written.toLowerCase() });
});

test.each(['', 'a b', 'a:b', 'ä', 'x'.repeat(129), 'a"'])('%j is no name of a field', (written) => {
  expect(parseFieldName(written)).toHaveProperty('finding.code', 'BAD_FIELD_NAME');
});

test.each(['', 'stderr', './log', 'log', '/a\nb', '/a\0'])('%j is no place for a log', (written) => {
  expect(parseLogSink(written)).toHaveProperty('finding.code', 'BAD_LOG_PLACE');
});

test('shares are those of their class, else of the rest', () => {
  const sample = (sample: AccessLogConfig['sample']) => compiled({ to: 'stdout', sample })?.sample;
  expect(sample(0)).toEqual({ statuses: [0, 0, 0, 0, 0], other: 0, fault: 0 });
  expect(sample({ '2xx': 0.1, '4xx': 1e-9 })).toEqual({
    statuses: [1e6, 1e5, 1e6, 1, 1e6],
    other: 1e6,
    fault: 1e6,
  });
  expect(sample({ default: 0.5, fault: 1 })).toEqual({
    statuses: [5e5, 5e5, 5e5, 5e5, 5e5],
    other: 5e5,
    fault: 1e6,
  });
});
