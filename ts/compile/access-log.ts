/** What is logged, as parts of a line: every format is one list of them. */

import { LOG_VALUES } from '../config/log-line.js';
import type { AccessLog, Listener, LogRates } from '../config/pieces.js';
import type { AccessLog as LogPlan, LogPart, LogSample, LogValue } from '../plan/types.js';

/** The log of a plan whose listeners are in this order. */
export function accessLogFor(
  log: AccessLog | null,
  listeners: readonly (readonly [string, Listener])[],
): LogPlan | null {
  if (log === null) return null;
  return {
    to: log.to,
    encoding: log.format === 'json' ? 'json' : 'text',
    parts: partsOf(log),
    sample: sampleOf(log.sample),
    listeners: [...listeners.entries()].flatMap(([at, [, { log }]]) => (log ? [at] : [])),
  };
}

function partsOf({ format, request, response }: AccessLog): LogPart[] {
  switch (format) {
    case 'json':
      return jsonLine(request, response);
    case 'common':
      return common();
    case 'combined':
      return [...common(), text(' "'), field('referer'), text('" "'), field('user-agent'), text('"')];
    default:
      return [...format];
  }
}

// What Apache and nginx call `common`: who a client says it is, and as whom it has logged in, nobody
// knows here.
function common(): LogPart[] {
  return [
    value('client'),
    text(' - - ['),
    value('commonTime'),
    text('] "'),
    value('requestLine'),
    text('" '),
    value('status'),
    text(' '),
    value('bodyOut'),
  ];
}

/** A tree of what an object of JSON says. */
type Said = LogPart | readonly (readonly [string, Said])[];

function jsonLine(request: readonly string[], response: readonly string[]): LogPart[] {
  const simple = Object.entries(LOG_VALUES).filter(([name]) => !name.includes('.') && !OF_TEXT.includes(name));
  const times = Object.entries(LOG_VALUES).filter(([name]) => name.startsWith('times.'));
  const said: (readonly [string, Said])[] = [
    ...simple.map(([name, of]) => [name, value(of)] as const),
    ['times', times.map(([name, of]) => [name.slice('times.'.length), value(of)] as const)],
  ];
  if (request.length > 0) said.push(['request', request.map((name) => [name, field(name)] as const)]);
  if (response.length > 0) {
    said.push(['response', response.map((name) => [name, { kind: 'response', name }] as const)]);
  }
  return joined(written(said));
}

// The same as others, for formats of text.
const OF_TEXT = ['commonTime', 'requestLine'];

function written(said: Said): LogPart[] {
  if ('kind' in said) return [said];
  const entries = said.flatMap(([name, of], at) => [
    text(`${at === 0 ? '' : ','}${JSON.stringify(name)}:`),
    ...written(of),
  ]);
  return [text('{'), ...entries, text('}')];
}

// Texts that follow each other are one.
function joined(parts: readonly LogPart[]): LogPart[] {
  const all: LogPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last?.kind === 'text' && part.kind === 'text') all[all.length - 1] = text(last.text + part.text);
    else all.push(part);
  }
  return all;
}

function sampleOf(rates: LogRates): LogSample {
  const { default: other, fault } = rates;
  const statuses = [rates['1xx'], rates['2xx'], rates['3xx'], rates['4xx'], rates['5xx']] as const;
  const [one, two, three, four, five] = statuses;
  return {
    statuses: [ofMillion(one), ofMillion(two), ofMillion(three), ofMillion(four), ofMillion(five)],
    other: ofMillion(other),
    fault: ofMillion(fault),
  };
}

// A share that is not nothing stays something.
function ofMillion(share: number): number {
  return share > 0 ? Math.max(1, Math.round(share * 1_000_000)) : 0;
}

function text(text: string): LogPart {
  return { kind: 'text', text };
}

function value(value: LogValue): LogPart {
  return { kind: 'value', value };
}

function field(name: string): LogPart {
  return { kind: 'request', name };
}
