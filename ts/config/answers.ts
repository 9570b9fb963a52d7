/** Answers of ours in other words: text, or a file that is read when the configuration is applied. */

import { z } from 'zod';
import { describe, finding, type Finding, type Parsed } from '../errors.js';
import { ANSWERED, MOST_ANSWER } from '../plan/limits.js';
import { fields, readBy } from './fields.js';
import type { OwnAnswer } from './pieces.js';
import type { AnswerStatus } from './types.js';

const text = z.string();

const shape = z.union([
  text,
  fields({ text: text.optional(), file: text.optional(), type: readBy(text, parseType).optional() }),
]);

const answer = readBy(shape, parseAnswer).optional();

const byStatus = Object.fromEntries(ANSWERED.map((status) => [status, answer])) as Record<AnswerStatus, typeof answer>;

/** Answers by status, in the order of their statuses. */
export const answers = fields(byStatus).transform((written): OwnAnswer[] =>
  ANSWERED.flatMap((status) => {
    const read = written[status];
    return read === undefined ? [] : [{ status, ...read }];
  }),
);

type Written = z.input<typeof shape>;

function parseAnswer(written: Written): Parsed<Omit<OwnAnswer, 'status'>> {
  const { text, file, type } = typeof written === 'string' ? { text: written } : written;
  if ((text === undefined) === (file === undefined)) {
    return { finding: finding('ANSWER_WORDS', { got: text === undefined ? 'neither' : 'both' }) };
  }
  if (text !== undefined) {
    const wrong = wrongWith(text);
    return wrong === null ? { value: { type: type ?? TYPES.txt, words: { text } } } : { finding: wrong };
  }
  const known = type ?? typeOf(file ?? '');
  if (known === null) return { finding: finding('ANSWER_NO_TYPE', { file: describe(file) }) };
  return { value: { type: known, words: { file: file ?? '' } } };
}

function wrongWith(text: string): Finding | null {
  // Half of a pair of surrogates is no character, and has no bytes.
  if (/\p{Surrogate}/u.test(text)) return finding('ANSWER_NOT_TEXT', { what: 'the text' });
  const size = Buffer.byteLength(text);
  return size > MOST_ANSWER ? answerTooLarge('the text', size) : null;
}

/** What is wrong with an answer of more bytes than there may be. */
export function answerTooLarge(what: string, size: number): Finding {
  return finding('ANSWER_TOO_LARGE', { what, size, most: MOST_ANSWER });
}

/** The media types of the names that files have. XML says its encoding itself. */
const TYPES = {
  html: 'text/html; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json',
  xml: 'application/xml',
  svg: 'image/svg+xml',
} as const;

function typeOf(file: string): string | null {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(TYPES, ending) ? TYPES[ending as keyof typeof TYPES] : null;
}

// RFC 9110 section 8.3.1. It becomes a field of a response, so nothing else may be in it.
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"';
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?: *; *${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`);

function parseType(written: string): Parsed<string> {
  return written.length <= 200 && MEDIA_TYPE.test(written) ? { value: written } : { finding: finding('ANSWER_TYPE', { got: describe(written) }) };
}
