// Runs a few lines of JavaScript in a Node of their own, in sight of what they print.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { at } from '../../scripts/lib/paths.mjs';

/** A process under test: what it has printed so far, and ways to wait for it. */
export class Script {
  output = '';
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(readonly process: ChildProcess) {
    const hear = (text: string) => void (this.output += text);
    process.stdout?.setEncoding('utf8').on('data', hear);
    process.stderr?.setEncoding('utf8').on('data', hear);
    this.ended = once(process, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Resolves with the match as soon as the output has it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(`ended without ${pattern}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Runs `lines` as a module whose relative imports start at the root of the work tree. */
export function script(lines: string, env: NodeJS.ProcessEnv = process.env): Script {
  const args = ['--input-type=module', '--eval', lines];
  return new Script(spawn(process.execPath, args, { cwd: at(), env, stdio: ['ignore', 'pipe', 'pipe'] }));
}
