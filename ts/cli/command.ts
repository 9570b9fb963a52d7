/** The command `fourseven`: reads its arguments, serves until a signal, and says how it went. */

import { type Balancer, createBalancer } from '../balancer.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Config } from '../config/types.js';
import { FoursevenError } from '../errors.js';
import { packageVersion } from '../native.js';
import { asMistake, HELP, readArguments } from './arguments.js';

/** It went as it should. */
const FINE = 0;
/** Something failed while it ran. */
const FAILED = 1;
/** What was asked for makes no sense. */
const MISUSED = 2;

/** Runs the command to its end; answers its exit code. */
export async function command(args: readonly string[]): Promise<number> {
  const request = readArguments(args);
  switch (request.kind) {
    case 'help':
      console.log(HELP);
      return FINE;
    case 'version':
      console.log(packageVersion);
      return FINE;
    case 'wrong':
      console.error(`fourseven: ${request.message}\nSee fourseven --help.`);
      return MISUSED;
    case 'serve':
      return serve(request.config);
  }
}

async function serve(config: Config): Promise<number> {
  // Before anything is said: who reads that it listens may stop it at once.
  const signal = firstSignal();
  try {
    const balancer = await createBalancer(config);
    if (config.accessLog !== undefined) reopenOnHangup(balancer);
    introduce(balancer, config);
    await signal;
    await drain(balancer);
    return FINE;
  } catch (error) {
    return explain(error);
  }
}

// Whoever moves log files away says so by SIGHUP. Without a log it means what it always does.
function reopenOnHangup(balancer: Balancer): void {
  process.on('SIGHUP', () => {
    balancer.reopenLog().catch((error: unknown) => {
      // Closed meanwhile: its log is, too.
      if (error instanceof FoursevenError && error.code === 'CLOSED') return;
      explain(error);
    });
  });
}

function introduce(balancer: Balancer, { listeners, pools, accessLog }: Config): void {
  const bound = balancer.listeners();
  // Whoever reads the log from standard output finds nothing there but its lines.
  const log = typeof accessLog === 'object' ? accessLog.to : accessLog;
  const say = log === 'stdout' ? console.error : console.log;
  for (const name of Object.keys(listeners)) say(`listening on ${bound[name]?.address}`);
  const { workers, endpoints } = balancer.counters();
  const algorithm = pools['to']?.algorithm ?? DEFAULTS['pools.*.algorithm'].value;
  say(
    `sending to ${Object.keys(endpoints).join(', ')} (${String(algorithm)}, ${count(workers, 'worker')})`,
  );
}

// The exit codes of a process that a signal kills.
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Resolves with the first signal; a second one exits at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const first = (): void => {
      for (const [signal, code] of Object.entries(SIGNALS)) {
        process.off(signal, first).on(signal, () => process.exit(code));
      }
      resolve();
    };
    for (const signal of Object.keys(SIGNALS)) process.on(signal, first);
  });
}

async function drain(balancer: Balancer): Promise<void> {
  const { connections } = balancer.counters();
  if (connections > 0) {
    console.error(
      `fourseven: letting ${count(connections, 'connection')} finish; a second signal stops at once`,
    );
  }
  const { cut } = await balancer.close();
  if (cut > 0) console.error(`fourseven: cut ${count(cut, 'connection')} that had not finished in time`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function explain(error: unknown): number {
  if (!(error instanceof FoursevenError)) {
    console.error(error);
    return FAILED;
  }
  const { code, issues, message } = error;
  const lines = issues.length > 0 ? issues.map(asMistake) : [message];
  for (const line of lines) console.error(`fourseven: ${line}`);
  return code === 'CONFIG_INVALID' ? MISUSED : FAILED;
}
