// The load process, as a function from a line to an object (src/bin/load/main.rs lists the lines).

import { createInterface } from 'node:readline';

import { launch } from './processes.mjs';
import { binary } from './programs.mjs';

/**
 * @returns {{ ask: (line: string) => Promise<Record<string, number>> }} one question at a time
 */
export function startLoad() {
  const child = launch('load', [binary('load')], { stdin: 'pipe' });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  // A load that died is reported by the next answer that does not come.
  child.stdin.on('error', () => {});
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done) child.explain(await child.ended);
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(`load, asked to ${line}: ${answer.error}`);
      return answer;
    },
  };
}
