/**
 * The only file that loads the native addon, and the contract with it in TypeScript.
 *
 * What the addon answers is JSON or numbers; here it gets its types. An engine that is open is
 * stopped when the process exits: environment hooks do not run then, and its threads must not
 * outlive what they use.
 */

import { createRequire } from 'node:module';
import type * as binding from '../native/binding.cjs';
import { failure } from './errors.js';

const require = createRequire(import.meta.url);

/** What `napi build` generates. */
type Addon = typeof binding;

/** The native engine: workers, a control thread, and the world they run. */
export interface Engine {
  /** Decodes, verifies and adopts a plan. It answers, and never rejects over what the plan says. */
  apply(plan: Uint8Array, tables: Uint8Array[]): Promise<ApplyAnswer>;
  /** How the numbers of `read` are laid out. */
  index(): CounterIndex;
  /**
   * Copies the counters. Answers the version of the plan they are of, or -1 when `into` is too
   * short, or -2 when the engine is closed.
   */
  read(into: Float64Array): number;
  /** Stops accepting, lets connections finish until the deadline, then cuts them. Idempotent. */
  close(drainMs: number): Promise<{ readonly cut: number }>;
  /** Opens the files of the access log anew. Answers once that is done: why it failed, or nothing. */
  reopenLog(): Promise<string | null>;
  /** Stops at once, within the deadline, on this very thread: for the exit of the process. */
  shutdown(deadlineMs: number): void;
}

/** What came of a plan. */
export type ApplyAnswer =
  | {
      readonly kind: 'applied';
      readonly version: number;
      /** The thread of the operating system on which the plan was decoded. */
      readonly decodedOn: number;
      readonly workers: number;
      /** The addresses that are listened on, by the keys of the listeners. */
      readonly listeners: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'closed' };

/** Why a plan was refused. */
export interface Problem {
  readonly code: 'plan' | 'address-in-use' | 'listen' | 'workers' | 'log';
  readonly listener: string | null;
  readonly address: string | null;
  readonly message: string;
  /** Who has the address, where that can be found out. */
  readonly holder: string | null;
}

/** How counters are laid out: the header, then the fields of each key, group by group. */
export interface CounterIndex {
  /** The version of the plan that this layout goes with. */
  readonly version: number;
  /** How many numbers there are. */
  readonly length: number;
  /** The first numbers. */
  readonly header: readonly string[];
  /** Then these, for each listener. */
  readonly listeners: CounterGroup;
  /** Then these, for each route. */
  readonly routes: CounterGroup;
  /** Then these, for each pool. */
  readonly pools: CounterGroup;
  /** Then these, for each endpoint. */
  readonly endpoints: CounterGroup;
  /**
   * The microseconds up to which each bucket of a histogram counts. The fields `histogram0`,
   * `histogram1`, … are those buckets, one for what took longer, and the sum in microseconds.
   */
  readonly bounds: readonly number[];
  /** Then one for each fault. */
  readonly faults: { readonly keys: readonly string[] };
}

/** Some numbers, the same for each key. */
export interface CounterGroup {
  readonly keys: readonly string[];
  readonly fields: readonly string[];
}

/** The version of this package. */
export const packageVersion: string = (require('../package.json') as { version: string }).version;

/** How the addon was built. */
export function buildInfo(): ReturnType<Addon['buildInfo']> {
  return load().buildInfo();
}

/** Starts an engine. It serves nothing until it is given a plan. */
export function openEngine(): Engine {
  const native = new (load().Engine)();
  const engine: Engine = {
    apply: async (plan, tables) => JSON.parse(await native.apply(plan, tables)) as ApplyAnswer,
    index: () => JSON.parse(native.index()) as CounterIndex,
    read: (into) => native.read(into),
    close: async (drainMs) => {
      const answer = JSON.parse(await native.close(drainMs)) as { cut: number };
      open.delete(engine);
      return answer;
    },
    reopenLog: async () => native.reopenLog(),
    shutdown: (deadlineMs) => {
      open.delete(engine);
      native.shutdown(deadlineMs);
    },
  };
  stopAtExit(engine);
  return engine;
}

// Held strongly, like the handles of listening sockets: a balancer that nobody refers to any more
// goes on serving until it is closed.
const open = new Set<Engine>();
let isHooked = false;

const LONGEST_EXIT_MS = 1_000;

// One listener on the process however many engines there are, or Node warns of a leak.
function stopAtExit(engine: Engine): void {
  open.add(engine);
  if (isHooked) return;
  isHooked = true;
  process.on('exit', () => {
    for (const engine of open) engine.shutdown(LONGEST_EXIT_MS);
  });
}

let loaded: Addon | undefined;

function load(): Addon {
  try {
    loaded ??= require('../native/binding.cjs') as Addon;
    return loaded;
  } catch (cause) {
    throw cannotLoad(cause);
  }
}

// The loader tries several places and chains what went wrong in each as causes, of which only the
// messages are left. If all say that nothing was there, the package is missing; anything else is
// why it did not load.
function cannotLoad(cause: unknown): Error {
  const { platform, target } = thisSystem();
  const values = { platform, package: `@fourseven/native-${target}`, version: packageVersion };
  const broken = causes(cause).find(({ message }) => !NOTHING_THERE.test(message));
  if (broken === undefined) return failure('ADDON_MISSING', values, { cause });
  return failure('ADDON_FAILED', { ...values, reason: broken.message.split('\n')[0] ?? '' }, { cause });
}

const NOTHING_THERE = /^(?:Cannot find (?:module|native binding)|Unsupported )/;

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && !chain.includes(next); next = next.cause) chain.push(next);
  return chain;
}

// The target is part of a package's name: linux-x64-gnu, darwin-arm64, win32-x64-msvc.
function thisSystem(): { platform: string; target: string } {
  const { platform, arch } = process;
  const system = `${platform}-${arch}`;
  if (platform === 'win32') return { platform: system, target: `${system}-msvc` };
  if (platform !== 'linux') return { platform: system, target: system };
  const isGlibc = glibcVersion() !== undefined;
  return {
    platform: `${system} with ${isGlibc ? 'glibc' : 'musl'}`,
    target: `${system}-${isGlibc ? 'gnu' : 'musl'}`,
  };
}

function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
