/**
 * Checks what an algorithm gave. It may be anything: algorithms are also written by users, in
 * JavaScript. What passes here, the core accepts.
 */

import { describe } from '../errors.js';
import { COST_STACK, MOST_CHOICES } from '../plan/limits.js';
import type { CostOp } from '../plan/types.js';
import type { Picker } from './contract.js';

/** What is wrong, and in which part of the picker. */
export interface PickerFault {
  readonly place: string;
  readonly reason: string;
}

/** The picker, or what is wrong with it, for a pool of `endpoints` endpoints. */
export function checkPicker(given: unknown, endpoints: number): { picker: Picker } | PickerFault {
  if (isPromise(given)) return wrong('a promise', 'an algorithm is a plain function, not an async one');
  if (!isRecord(given)) return wrong('no picker', `it is ${describe(given)}`);
  switch (given['kind']) {
    case 'cycle':
      return checkCycle(given['table'], endpoints);
    case 'least':
      return checkLeast(given['cost'], given['choices']);
    default:
      return wrong('no picker', `its kind is ${describe(given['kind'])}`);
  }
}

function checkCycle(table: unknown, endpoints: number): { picker: Picker } | PickerFault {
  const place = 'a wrong table';
  if (!Array.isArray(table) && !(table instanceof Uint32Array))
    return wrong(place, `it is ${describe(table)}`);
  if (table.length === 0) return wrong(place, 'it is empty');
  for (const [at, entry] of table.entries() as Iterable<[number, unknown]>) {
    if (!isWhole(entry, 0, endpoints - 1)) {
      return wrong(place, `entry ${at} is ${describe(entry)}, and positions go from 0 to ${endpoints - 1}`);
    }
  }
  return { picker: { kind: 'cycle', table: Uint32Array.from(table) } };
}

function checkLeast(cost: unknown, choices: unknown): { picker: Picker } | PickerFault {
  if (choices !== null && !isWhole(choices, 1, MOST_CHOICES)) {
    return wrong('wrong choices', `${describe(choices)} is no whole number from 1 to ${MOST_CHOICES}`);
  }
  if (!Array.isArray(cost)) return wrong('a wrong cost', `it is ${describe(cost)}`);
  const program: CostOp[] = [];
  for (const [at, step] of cost.entries()) {
    const op = costOp(step);
    if (op === null) return wrong('a wrong cost', `step ${at} is ${describe(step)}`);
    program.push(op);
  }
  const reason = stackFault(program);
  return reason === null
    ? { picker: { kind: 'least', cost: program, choices } }
    : wrong('a wrong cost', reason);
}

// A copy with exactly the fields that the core knows, or null.
function costOp(step: unknown): CostOp | null {
  if (!isRecord(step)) return null;
  const { op, value } = step as { op?: unknown; value?: unknown };
  switch (op) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? { op, value } : null;
    case 'inflight':
    case 'open':
    case 'plus':
    case 'times':
    case 'over':
      return { op };
    default:
      return null;
  }
}

// Runs the program on nothing but the depth of its stack, as the core does.
function stackFault(program: readonly CostOp[]): string | null {
  let depth = 0;
  let deepest = 0;
  for (const [at, { op }] of program.entries()) {
    const takesTwo = op === 'plus' || op === 'times' || op === 'over';
    if (takesTwo && depth < 2) return `step ${at} takes two numbers, and ${depth} are there`;
    depth += takesTwo ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  if (depth !== 1) return `it leaves ${depth} numbers, not one`;
  if (deepest > COST_STACK) {
    return `it holds ${deepest} numbers at once, and ${COST_STACK} is the most: put the longer operand first`;
  }
  return null;
}

function wrong(place: string, reason: string): PickerFault {
  return { place, reason };
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isPromise(value: unknown): boolean {
  return isRecord(value) && typeof value['then'] === 'function';
}
