/**
 * Puts a plan together from pieces that are right.
 *
 * Equal configurations give equal drafts, whatever the order in which their fields, listeners,
 * pools and endpoints were written: all are sorted by name. Only routes keep their order, and rules
 * have the order of precedence.
 */

import type { Picker } from '../algorithms/contract.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Endpoint } from '../config/endpoint.js';
import { writePath } from '../config/path.js';
import type { ReadConfig } from '../config/pieces.js';
import type { Draft, DraftPool } from '../plan/encode.js';
import type { EngineSettings } from '../plan/types.js';
import { accessLogFor } from './access-log.js';
import type { Texts } from './files.js';
import { byName, inOrderOfName } from './order.js';
import { budgetFor, httpFor, protocolFor, reuseFor, timeoutsFor } from './policies.js';
import type { Routing } from './routes.js';

/** A configuration as the core understands it. */
export interface Compiled {
  readonly draft: Draft;
  readonly places: Places;
}

/**
 * Where each part of a plan came from: `pools[1]` of the plan is `pools.api` of the configuration.
 */
export type Places = ReadonlyMap<string, string>;

/** The plan of a configuration in which nothing is wrong, with its pickers, its rules, and what its files say. */
export function assemble(
  config: ReadConfig,
  pickers: ReadonlyMap<string, Picker>,
  { keys, rules }: Routing,
  texts: Texts,
): Compiled {
  const listeners = new Sorted(config.listeners);
  const pools = new Sorted(config.pools);
  const endpoints = new Sorted(gather(config));

  // The order of the fields is the order of the bytes.
  const draft: Draft = {
    engine: engineSettings(config),
    accessLog: accessLogFor(config.accessLog, listeners.list),
    listeners: listeners.list.map(([key, listener]) => ({
      key,
      address: listener.address,
      protocol: protocolFor(listener, texts),
      accept: listener.accept,
      backlog: listener.backlog,
    })),
    rules: rules.map(({ listeners: names, host, path, at }) => ({
      listeners: names && listeners.positions(names),
      host,
      path,
      route: at,
    })),
    routes: config.routes.map((route, at) => ({
      key: keys[at] ?? '',
      pool: pools.position(route.pool),
      timeouts: timeoutsFor(route, config),
      http: httpFor(route, config, texts),
    })),
    pools: pools.list.flatMap(([key, pool]): DraftPool[] => {
      const picker = pickers.get(key);
      const members = inOrderOfName(pool.endpoints).map(({ name }) => name);
      if (picker === undefined) return [];
      return [
        {
          key,
          endpoints: endpoints.positions(members),
          picker,
          reuse: reuseFor(pool.connections),
          budget: budgetFor(pool.retries),
        },
      ];
    }),
    endpoints: endpoints.list.map(([key, { addresses }]) => ({ key, addresses: [...addresses] })),
  };

  const places = new Map([
    ['engine.workers', 'workers'],
    ['accessLog', 'accessLog'],
    ...listeners.list.map(([name], at) => [`listeners[${at}]`, writePath(['listeners', name])] as const),
    ...rules.map(({ at }, place) => [`rules[${place}]`, writePath(['routes', at])] as const),
    ...keys.map((_, at) => [`routes[${at}]`, writePath(['routes', at])] as const),
    ...pools.list.map(([name], at) => [`pools[${at}]`, writePath(['pools', name])] as const),
    ...endpoints.list.map(([, { path }], at) => [`endpoints[${at}]`, path] as const),
  ]);
  return { draft, places };
}

function engineSettings({ workers, portable, drain }: ReadConfig): EngineSettings {
  const retryAfter = Math.ceil(DEFAULTS['fixed.retryAfter'].value / 1000);
  return { workers, portable, drain, leave: DEFAULTS['fixed.leave'].value, retryAfter };
}

// Each endpoint once, however many pools have it, with the place where it was first written.
function gather({ pools }: ReadConfig): Map<string, Endpoint & { path: string }> {
  const found = new Map<string, Endpoint & { path: string }>();
  for (const [pool, { endpoints }] of pools) {
    for (const [at, endpoint] of endpoints.entries()) {
      if (found.has(endpoint.name)) continue;
      found.set(endpoint.name, { ...endpoint, path: writePath(['pools', pool, 'endpoints', at]) });
    }
  }
  return found;
}

/** Things in the order of their names, and the positions that they have in it. */
class Sorted<T> {
  readonly list: readonly (readonly [string, T])[];
  readonly #positions: ReadonlyMap<string, number>;

  constructor(named: ReadonlyMap<string, T>) {
    this.list = [...named].sort(byName(([name]) => name));
    this.#positions = new Map(this.list.map(([name], at) => [name, at]));
  }

  position(name: string): number {
    const position = this.#positions.get(name);
    // The references were checked before.
    if (position === undefined) throw new Error(`nothing is named ${name}`);
    return position;
  }

  positions(names: readonly string[]): number[] {
    return names.map((name) => this.position(name)).sort((one, other) => one - other);
  }
}
