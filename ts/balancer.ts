/** The object that users hold. */

import type { Algorithm } from './algorithms/contract.js';
import { compileWithFiles } from './compile/compile.js';
import type { Compiled } from './compile/assemble.js';
import { refusal } from './compile/refusal.js';
import { writeBound } from './config/address.js';
import { DEFAULTS } from './config/defaults.js';
import { parseDuration } from './config/duration.js';
import type { Config, Duration } from './config/types.js';
import { type Counters, nest } from './counters.js';
import { configInvalid, failure, issue } from './errors.js';
import { KeepAlive } from './keep-alive.js';
import { type ApplyAnswer, type CounterIndex, type Engine, openEngine } from './native.js';
import { encode } from './plan/encode.js';

/** What a configuration names and cannot hold itself, because it is code. */
export interface Registry {
  /** Algorithms by name, for `pools.*.algorithm`. */
  readonly algorithms?: Readonly<Record<string, Algorithm>> | undefined;
}

/** What came of applying a configuration. */
export interface Applied {
  /** The number of the plan that is served now. It grows with each one applied. */
  readonly version: number;
  /** Threads that carry traffic. */
  readonly workers: number;
  /** The listeners, by name. */
  readonly listeners: Readonly<Record<string, BoundListener>>;
}

/** A listener that is listening. */
export interface BoundListener {
  /** The address, with the port that the system chose where 0 was asked for: `tcp://127.0.0.1:41234`. */
  readonly address: string;
}

/** What came of closing. */
export interface Closed {
  /** Connections that were cut because they had not ended within the drain time. */
  readonly cut: number;
}

/**
 * Starts a balancer. Resolves when every listener is listening.
 *
 * Rejects with `CONFIG_INVALID` and everything that is wrong with the configuration, with
 * `ADDRESS_IN_USE` or `LISTEN_FAILED` and every listener that could not be had, or with
 * `ADDON_MISSING` or `ADDON_FAILED`. Nothing is left running then.
 *
 * The process stays alive while the balancer is open, unless it is `unref()`ed.
 *
 * ```ts
 * import { createBalancer } from 'fourseven';
 *
 * const balancer = await createBalancer({
 *   listeners: { web: 'tcp://127.0.0.1:0' },
 *   pools: { api: { endpoints: [':3001', ':3002'] } },
 * });
 * console.log(balancer.listeners().web?.address);
 * await balancer.close();
 * ```
 */
export async function createBalancer(config: Config, registry: Registry = {}): Promise<Balancer> {
  // Before the addon is loaded: a mistake in the configuration is told wherever it is made.
  const compiled = await compileWithFiles(config, registry.algorithms);
  return startBalancer(openEngine(), compiled, registry);
}

/** Starts a balancer on this engine. Tests bring their own. */
export async function startBalancer(
  engine: Engine,
  compiled: Compiled,
  registry: Registry = {},
): Promise<Balancer> {
  return start(engine, compiled, registry);
}

// Set by the class, whose constructor is for nobody else.
let start: typeof startBalancer;

/** A balancer that is serving. Made by `createBalancer()`. */
export class Balancer {
  readonly #engine: Engine;
  readonly #registry: Registry;
  readonly #alive = new KeepAlive();
  #state: 'open' | 'closing' | 'closed' = 'open';
  // The end of the queue: steps run one after another, because each plan is told from the one
  // before it.
  #last: Promise<unknown> = Promise.resolve();
  #version = 0;
  // The tables that the core holds.
  #held: ReadonlySet<string> = new Set();
  #listeners: Readonly<Record<string, BoundListener>> = {};
  #drain: number = DEFAULTS.drain.value;
  #index: CounterIndex | null = null;
  #closed: Promise<Closed> | null = null;

  private constructor(engine: Engine, registry: Registry) {
    this.#engine = engine;
    this.#registry = registry;
  }

  static {
    start = async (engine, compiled, registry = {}) => {
      const balancer = new Balancer(engine, registry);
      try {
        await balancer.#adopt(compiled);
        return balancer;
      } catch (error) {
        // Whatever closing says, the reason why is what counts.
        await balancer.close({ drain: 0 }).catch(() => {});
        throw error;
      }
    };
  }

  /**
   * Serves another configuration from now on. Resolves when every worker has adopted it.
   *
   * It happens as a whole or not at all: when it rejects, the configuration before is still served.
   * Connections that are open stay open; those to an endpoint that is no longer there get the drain
   * time. Calls made at the same time are carried out in their order.
   *
   * Rejects as `createBalancer()` does, and with `CLOSED`.
   */
  async apply(config: Config): Promise<Applied> {
    this.#expectOpen();
    const compiled = compileWithFiles(config, this.#registry.algorithms);
    // What is wrong with it is told in its turn.
    if (compiled instanceof Promise) compiled.catch(() => {});
    return this.#adopt(compiled);
  }

  /** The listeners by name, each with the address it is bound to. */
  listeners(): Readonly<Record<string, BoundListener>> {
    this.#expectNotClosed();
    return this.#listeners;
  }

  /**
   * Copies the counters as they are now into `into`, or into a new array where that is missing or
   * too short, and returns it. `index()` says what they are; the first number is the version of the
   * plan, which is that of the index they go with.
   */
  read(into?: Float64Array): Float64Array {
    this.#expectNotClosed();
    return this.#read(into ?? new Float64Array(this.#layout('known').length)).values;
  }

  /** How the numbers of `read()` are laid out. It changes when another configuration is adopted. */
  index(): CounterIndex {
    this.#expectNotClosed();
    return this.#layout('fresh');
  }

  /** The counters as they are now, by name. */
  counters(): Counters {
    this.#expectNotClosed();
    const { version, values } = this.#read(new Float64Array(this.#layout('known').length));
    const known = this.#layout('known');
    if (known.version === version) return nest(known, values);
    const fresh = this.#layout('fresh');
    // Between reading and asking how it is laid out, yet another plan may have been adopted.
    return fresh.version === version ? nest(fresh, values) : this.counters();
  }

  /**
   * Stops listening and resolves when all connections have ended: by themselves within the drain
   * time (`drain`, else that of the configuration), cut after it. Closing twice is closing once;
   * everything else that is asked of a closed balancer is answered with `CLOSED`.
   */
  async close({ drain }: { readonly drain?: Duration | undefined } = {}): Promise<Closed> {
    this.#closed ??= this.#close(drain === undefined ? this.#drain : milliseconds(drain));
    return this.#closed;
  }

  /** `await using balancer = …` closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Opens the file of the access log anew, after it was moved away: what is logged once this has
   * resolved is in the new one. Without a log, or where it goes elsewhere, nothing happens.
   *
   * Rejects with `CLOSED`, and with `LOG_FAILED` when the file cannot be opened, such as for want of
   * its folder. Then lines go where they went before. If that file is nowhere any more they are held,
   * and dropped and counted once there are too many; each second it is tried to make it again.
   */
  async reopenLog(): Promise<void> {
    this.#expectOpen();
    const reason = await this.#engine.reopenLog();
    if (reason === null) return;
    throw failure('LOG_FAILED', {}, { issues: [issue('accessLog', 'LOG_FAILED', { reason })] });
  }

  /** Keeps the process alive while the balancer is open. It does so from the start. */
  ref(): this {
    this.#expectNotClosed();
    this.#alive.ref();
    return this;
  }

  /** Lets the process exit although the balancer is open. */
  unref(): this {
    this.#expectNotClosed();
    this.#alive.unref();
    return this;
  }

  async #adopt(whenCompiled: Compiled | Promise<Compiled>): Promise<Applied> {
    return this.#inTurn(async () => {
      this.#expectOpen();
      const compiled = await whenCompiled;
      this.#expectOpen();
      const { json, tables, names } = encode(compiled.draft, ++this.#version, this.#held);
      const applied = appliedOrThrow(await this.#engine.apply(json, tables), compiled);
      // Only now: after a refusal the core serves the plan before, and holds its tables.
      this.#held = names;
      this.#drain = compiled.draft.engine.drain;
      this.#listeners = applied.listeners;
      return applied;
    });
  }

  async #close(drain: number): Promise<Closed> {
    this.#state = 'closing';
    return this.#inTurn(async () => {
      try {
        return await this.#engine.close(drain);
      } finally {
        this.#state = 'closed';
        this.#alive.end();
      }
    });
  }

  async #inTurn<T>(step: () => Promise<T>): Promise<T> {
    // What was asked for is finished, also when the balancer does not keep the process alive.
    const finished = this.#alive.during();
    const turn = this.#last.then(step);
    this.#last = turn.catch(() => {});
    return turn.finally(finished);
  }

  #read(values: Float64Array): { version: number; values: Float64Array } {
    const version = this.#engine.read(values);
    if (version === ENGINE_CLOSED) throw failure('CLOSED', {});
    // A plan with more to count has been adopted since the length was asked for.
    return version === TOO_SHORT
      ? this.#read(new Float64Array(this.#layout('fresh').length))
      : { version, values };
  }

  #layout(which: 'known' | 'fresh'): CounterIndex {
    if (which === 'fresh' || this.#index === null) this.#index = this.#engine.index();
    return this.#index;
  }

  #expectOpen(): void {
    if (this.#state !== 'open') throw failure('CLOSED', {});
  }

  // While it drains, what it counts is still of interest.
  #expectNotClosed(): void {
    if (this.#state === 'closed') throw failure('CLOSED', {});
  }
}

// What `Engine.read` answers instead of a version.
const TOO_SHORT = -1;
const ENGINE_CLOSED = -2;

function appliedOrThrow(answer: ApplyAnswer, { draft, places }: Compiled): Applied {
  switch (answer.kind) {
    case 'applied': {
      const { version, workers } = answer;
      const protocols = new Map(draft.listeners.map(({ key, protocol }) => [key, protocol.kind]));
      const bound = Object.entries(answer.listeners).map(([name, address]) => [
        name,
        Object.freeze({ address: writeBound(address, protocols.get(name) ?? 'tcp') }),
      ]);
      return { version, workers, listeners: Object.freeze(Object.fromEntries(bound)) };
    }
    case 'refused':
      throw refusal(answer.problems, places);
    case 'closed':
      throw failure('CLOSED', {});
  }
}

function milliseconds(drain: Duration): number {
  const parsed = parseDuration(drain, DEFAULTS.drain.range);
  if ('finding' in parsed) throw configInvalid([{ path: 'drain', ...parsed.finding }]);
  return parsed.value;
}
