/** Names of listeners, pools, routes and endpoints. They end up in messages, logs and metrics. */

import { describe, finding, type Parsed } from '../errors.js';

const LONGEST = 200;

/** A name: not empty, not too long, and without control characters. */
export function parseName(written: string): Parsed<string> {
  const isName = written !== '' && written.length <= LONGEST && !/\p{Cc}/u.test(written);
  return isName
    ? { value: written }
    : { finding: finding('BAD_NAME', { got: describe(written.slice(0, LONGEST)) }) };
}
