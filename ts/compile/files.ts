/** The files that a configuration names, read when it is applied. */

import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { answerTooLarge } from '../config/answers.js';
import { writePath } from '../config/path.js';
import type { Words } from '../config/pieces.js';
import { describe, finding, type Finding, type Parsed } from '../errors.js';
import { MOST_ANSWER } from '../plan/limits.js';

/** A file, and where in the configuration it is named. */
export interface NamedFile {
  readonly path: string;
  readonly file: string;
}

/** What came of reading files, each by its path as it was written. */
export type Texts = ReadonlyMap<string, Parsed<string>>;

/**
 * The files that answers are read from, of a configuration in which anything may be wrong: what cannot
 * be read is told together with all the rest.
 */
export function filesOf(written: unknown): NamedFile[] {
  const ofAnswers = (answers: unknown, steps: PropertyKey[]): NamedFile[] =>
    entries(answers).flatMap(([status, answer]) => {
      const file = field(answer, 'file');
      return typeof file === 'string' ? [{ path: writePath([...steps, 'answers', status, 'file']), file }] : [];
    });
  const routes = field(written, 'routes');
  return [
    ...entries(field(written, 'listeners')).flatMap(([name, listener]) =>
      ofAnswers(field(field(listener, 'http'), 'answers'), ['listeners', name, 'http']),
    ),
    ...(Array.isArray(routes) ? routes : []).flatMap((route, at) => ofAnswers(field(route, 'answers'), ['routes', at])),
  ];
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

function entries(of: unknown): [string, unknown][] {
  return typeof of === 'object' && of !== null && !Array.isArray(of) ? Object.entries(of) : [];
}

/** Reads each of these files once. A path that is not absolute begins where the process works. */
export async function readFiles(named: readonly NamedFile[]): Promise<Texts> {
  const files = [...new Set(named.map(({ file }) => file))];
  return new Map(await Promise.all(files.map(async (file) => [file, await readText(file)] as const)));
}

async function readText(file: string): Promise<Parsed<string>> {
  const what = describe(file);
  try {
    const opened = await open(file, READ);
    try {
      return await readOpened(opened, what);
    } finally {
      await opened.close();
    }
  } catch (error) {
    return { finding: unreadable(what, reasonOf(error)) };
  }
}

// Opening a named pipe would wait for somebody who writes to it.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function readOpened(opened: FileHandle, what: string): Promise<Parsed<string>> {
  const stat = await opened.stat();
  if (!stat.isFile()) return { finding: unreadable(what, 'it is no plain file') };
  // As many bytes as there may be, and one that tells if there are more: it may grow while it is read.
  const buffer = Buffer.alloc(MOST_ANSWER + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    ({ bytesRead: read } = await opened.read(buffer, length, buffer.length - length, length));
  }
  if (length > MOST_ANSWER) return { finding: answerTooLarge(what, Math.max(stat.size, length)) };
  const bytes = buffer.subarray(0, length);
  return isUtf8(bytes) ? { value: bytes.toString('utf8') } : { finding: finding('ANSWER_NOT_TEXT', { what }) };
}

function unreadable(what: string, reason: string): Finding {
  return finding('ANSWER_UNREADABLE', { what, reason });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'this process may not read it';
    case 'EISDIR':
      return 'it is no plain file';
    default:
      return message;
  }
}

/** What an answer says, once its file was read. */
export function textOf(words: Words, texts: Texts): string {
  if ('text' in words) return words.text;
  const read = texts.get(words.file);
  // Whoever compiles has read every file that is named, and has told what was wrong.
  if (read === undefined || 'finding' in read) throw new Error(`${words.file} was not read`);
  return read.value;
}
