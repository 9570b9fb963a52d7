/** What the core refuses, in the words and the places of the configuration. */

import { writePath } from '../config/path.js';
import { type ErrorCode, failure, type FoursevenError, issue, type Issue } from '../errors.js';
import type { Problem } from '../native.js';
import type { Places } from './assemble.js';

/** The error of a plan that the core refused for these reasons. */
export function refusal(problems: readonly Problem[], places: Places): FoursevenError {
  const issues = problems.map((problem) => issueOf(problem, places));
  // One code for several reasons: the gravest. The issues have their own.
  const code = GRAVEST_FIRST.find((code) => issues.some((one) => one.code === code)) ?? 'PLAN_REFUSED';
  return failure(code, {}, { issues });
}

const GRAVEST_FIRST = [
  'PLAN_REFUSED',
  'WORKERS_FAILED',
  'LOG_FAILED',
  'LISTEN_FAILED',
  'ADDRESS_IN_USE',
] as const satisfies ErrorCode[];

function issueOf({ code, listener, address, message, holder }: Problem, places: Places): Issue {
  const path = listener === null ? '' : writePath(['listeners', listener]);
  switch (code) {
    case 'address-in-use':
      return issue(path, 'ADDRESS_IN_USE', {
        address: address ?? 'the address',
        holder: holder ?? 'another program',
      });
    case 'listen':
      return issue(path, 'LISTEN_FAILED', { address: address ?? 'the address', reason: message });
    case 'workers':
      return issue('workers', 'WORKERS_FAILED', { reason: message });
    case 'log':
      return issue('accessLog', 'LOG_FAILED', { reason: message });
    case 'plan':
      return issue(placeIn(message, places), 'PLAN_REFUSED', { reason: message });
  }
}

// The core says which part of the plan it refuses first: `pools[0].picker.table: is empty`.
function placeIn(message: string, places: Places): string {
  const [part = ''] = /^\w+(?:\[\d+\]|\.workers)?/.exec(message) ?? [];
  return places.get(part) ?? '';
}
