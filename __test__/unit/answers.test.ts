// Answers in other words: how they are written, and the files that they are read from.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { startBalancer } from '../../ts/balancer.js';
import { compile, compileWithFiles } from '../../ts/compile/compile.js';
import type { AnswersConfig, Config } from '../../ts/config/types.js';
import { FoursevenError, type Issue } from '../../ts/errors.js';
import { FakeEngine } from '../support/fake-engine.js';
import { emptyFolder } from '../support/folder.js';
import { issuesOf } from '../support/issues.js';

const folder = emptyFolder('answers');

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function config(answers: AnswersConfig, atTheDoor: AnswersConfig = {}): Config {
  return {
    listeners: { web: { address: 'http://:1', http: { answers: atTheDoor } } },
    pools: { api: { endpoints: [':2'] } },
    routes: [{ pool: 'api', answers }],
  };
}

async function answersOf(answers: AnswersConfig): Promise<unknown> {
  const { draft } = await compileWithFiles(config(answers));
  return draft.routes[0]?.http.answers;
}

async function issuesOfFiles(written: unknown): Promise<readonly Issue[]> {
  const error: unknown = await Promise.resolve(compileWithFiles(written)).catch((error: unknown) => error);
  if (error instanceof FoursevenError && error.code === 'CONFIG_INVALID') return error.issues;
  throw new Error('nothing was wrong with it');
}

test('text is told as it is written, in the order of statuses', async () => {
  const text = 'plain; charset=utf-8';
  expect(await answersOf({ 503: 'ü\n', 404: { text: '{}', type: 'application/json' }, 400: { text: '' } })).toEqual([
    { status: 400, contentType: `text/${text}`, body: '' },
    { status: 404, contentType: 'application/json', body: '{}' },
    { status: 503, contentType: `text/${text}`, body: 'ü\n' },
  ]);
});

test.each([
  ['a.html', 'text/html; charset=utf-8'],
  ['a.b.HTML', 'text/html; charset=utf-8'],
  ['a.txt', 'text/plain; charset=utf-8'],
  ['a.json', 'application/json'],
  ['a.xml', 'application/xml'],
  ['a.svg', 'image/svg+xml'],
])('the name of a file says its media type: %s', async (name, contentType) => {
  const body = `<p>${name} ü`;
  expect(await answersOf({ 404: { file: file(name, body) } })).toEqual([{ status: 404, contentType, body }]);
});

test('what is said of the media type goes before the name', async () => {
  const path = file('page.php', '<p>');
  expect(await answersOf({ 502: { file: path, type: 'text/html' } })).toEqual([
    { status: 502, contentType: 'text/html', body: '<p>' },
  ]);
});

test.each(['html', 'a.', '.toString', 'a.constructor', 'a.html.gz', ''])('a name says nothing: %j', (name) => {
  const [issue] = issuesOf(() => compile(config({ 404: { file: name } })));
  expect(issue).toMatchObject({ code: 'ANSWER_NO_TYPE', path: 'routes[0].answers["404"]' });
});

test.each(['text/html', 'text/html; charset=utf-8', 'a/b;c=d; e="f \\" g"', 'application/vnd.x+json'])(
  'a media type: %s',
  (type) => {
    expect(() => compile(config({ 404: { text: '', type } }))).not.toThrow();
  },
);

test.each(['', 'html', 'text/', '/html', 'text/html;', 'text/html; charset', 'a/b\r\nX: y', 'a/b; c="\n"', 'a/ü', `a/${'b'.repeat(200)}`])(
  'no media type: %j',
  (type) => {
    const [issue] = issuesOf(() => compile(config({ 404: { text: '', type } })));
    expect(issue).toMatchObject({ code: 'ANSWER_TYPE', path: 'routes[0].answers["404"].type' });
  },
);

test('64 KiB may be told, and not a byte more', async () => {
  const most = 64 * 1024;
  const fits = 'ü'.repeat(most / 2);
  expect(await answersOf({ 404: fits, 503: { file: file('fits.txt', fits) } })).toMatchObject([
    { body: fits },
    { body: fits },
  ]);
  const issues = await issuesOfFiles(config({ 404: `${fits}x`, 503: { file: file('large.txt', `${fits}x`) } }));
  expect(issues.map(({ path, code, message }) => [path, code, message.includes(String(most + 1))])).toEqual([
    ['routes[0].answers["404"]', 'ANSWER_TOO_LARGE', true],
    ['routes[0].answers["503"].file', 'ANSWER_TOO_LARGE', true],
  ]);
});

test('a path begins where the process works', async () => {
  const path = file('near.txt', 'near');
  expect(await answersOf({ 404: { file: relative(process.cwd(), path) } })).toMatchObject([{ body: 'near' }]);
});

test('all that cannot be read is told at once, with everything else', async () => {
  const pipe = join(folder, 'pipe.txt');
  if (process.platform !== 'win32') execFileSync('mkfifo', [pipe]);
  mkdirSync(join(folder, 'folder.txt'));
  const gone = join(folder, 'gone.txt');
  const written = {
    ...config(
      {
        404: { file: gone },
        502: { file: join(folder, 'folder.txt') },
        503: { file: file('latin1.txt', new Uint8Array([0x66, 0xfc, 0x72])) },
      },
      { 400: { file: gone }, ...(process.platform !== 'win32' && { 408: { file: pipe } }) },
    ),
    workers: 0,
  };
  const issues = await issuesOfFiles(written);
  const expected = [
    ['workers', 'OUT_OF_RANGE', ''],
    ['listeners.web.http.answers["400"].file', 'ANSWER_UNREADABLE', 'there is no such file'],
    ['listeners.web.http.answers["408"].file', 'ANSWER_UNREADABLE', 'it is no plain file'],
    ['routes[0].answers["404"].file', 'ANSWER_UNREADABLE', 'there is no such file'],
    ['routes[0].answers["502"].file', 'ANSWER_UNREADABLE', 'it is no plain file'],
    ['routes[0].answers["503"].file', 'ANSWER_NOT_TEXT', ''],
  ].filter(([path]) => process.platform !== 'win32' || !path?.includes('408'));
  expect(issues.map(({ path, code }) => [path, code])).toEqual(expected.map(([path, code]) => [path, code]));
  for (const [at, [, , reason = '']] of expected.entries()) expect(issues[at]?.message).toContain(reason);
});

const bodies = (engine: FakeEngine) =>
  engine.given.map(({ plan }) => plan.routes[0]?.http.answers.map(({ body }) => body).join());

test('a file is read each time a configuration is applied, and what cannot be read changes nothing', async () => {
  const path = file('changes.txt', 'one');
  const engine = new FakeEngine();
  const balancer = await startBalancer(engine, await compileWithFiles(config({ 503: { file: path } })));
  writeFileSync(path, 'two');
  await balancer.apply(config({ 503: { file: path } }));
  renameSync(path, `${path}.away`);
  await expect(balancer.apply(config({ 503: { file: path } }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    issues: [{ path: 'routes[0].answers["503"].file', code: 'ANSWER_UNREADABLE' }],
  });
  expect(bodies(engine)).toEqual(['one', 'two']);
  rmSync(`${path}.away`);
  await balancer.close();
});

test('calls keep their order, whether there are files to read or not', async () => {
  const path = file('order.txt', 'read');
  const engine = new FakeEngine();
  const balancer = await startBalancer(engine, compile(config({})));
  const written = { ...config({ 503: { file: path } }) };
  const [first, wrong, last] = await Promise.allSettled([
    balancer.apply(written),
    balancer.apply(config({ 503: { file: `${path}.gone` } })),
    balancer.apply(config({ 503: 'written' })),
  ]);
  expect([first.status, wrong.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(bodies(engine)).toEqual(['', 'read', 'written']);
  await balancer.close();
});
