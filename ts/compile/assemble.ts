/**
 * Puts a plan together from pieces that are right.
 *
 * Equal configurations give equal drafts, whatever the order in which their fields, listeners,
 * pools and endpoints were written: all are sorted by name. Only routes keep their order.
 */

import type { Picker } from '../algorithms/contract.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Endpoint } from '../config/endpoint.js';
import { writePath } from '../config/path.js';
import type { ReadConfig, SomeTimeouts } from '../config/pieces.js';
import type { Draft, DraftPool } from '../plan/encode.js';
import type { EngineSettings, Timeouts } from '../plan/types.js';
import { byName, inOrderOfName } from './order.js';
import type { OrderedRoute } from './routes.js';

/** A configuration as the core understands it. */
export interface Compiled {
  readonly draft: Draft;
  readonly places: Places;
}

/**
 * Where each part of a plan came from: `pools[1]` of the plan is `pools.api` of the configuration.
 */
export type Places = ReadonlyMap<string, string>;

/** The plan of a configuration in which nothing is wrong, with its pickers and ordered routes. */
export function assemble(
  config: ReadConfig,
  pickers: ReadonlyMap<string, Picker>,
  ordered: readonly OrderedRoute[],
): Compiled {
  const listeners = new Sorted(config.listeners);
  const pools = new Sorted(config.pools);
  const endpoints = new Sorted(gather(config));
  const routes = ordered.flatMap(({ at, ...rule }) => {
    const route = config.routes[at];
    return route === undefined ? [] : [{ ...route, ...rule, at }];
  });

  // The order of the fields is the order of the bytes.
  const draft: Draft = {
    engine: engineSettings(config),
    listeners: listeners.list.map(([key, { address, protocol, accept, backlog }]) => ({
      key,
      address,
      protocol,
      accept,
      backlog,
    })),
    routes: routes.map(({ key, listeners: names, pool, timeouts }) => ({
      key,
      listeners: names && listeners.positions(names),
      pool: pools.position(pool),
      timeouts: resolve(timeouts, config.timeouts),
    })),
    pools: pools.list.flatMap(([key, pool]): DraftPool[] => {
      const picker = pickers.get(key);
      const members = inOrderOfName(pool.endpoints).map(({ name }) => name);
      return picker === undefined ? [] : [{ key, endpoints: endpoints.positions(members), picker }];
    }),
    endpoints: endpoints.list.map(([key, { addresses }]) => ({ key, addresses: [...addresses] })),
  };

  const places = new Map([
    ['engine.workers', 'workers'],
    ...listeners.list.map(([name], at) => [`listeners[${at}]`, writePath(['listeners', name])] as const),
    ...routes.map((route, at) => [`routes[${at}]`, writePath(['routes', route.at])] as const),
    ...pools.list.map(([name], at) => [`pools[${at}]`, writePath(['pools', name])] as const),
    ...endpoints.list.map(([, { path }], at) => [`endpoints[${at}]`, path] as const),
  ]);
  return { draft, places };
}

function engineSettings({ workers, portable, drain }: ReadConfig): EngineSettings {
  return { workers, portable, drain, leave: DEFAULTS['fixed.leave'].value };
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

// What the route says, else what the configuration says, else the default.
function resolve(ofRoute: SomeTimeouts, ofAll: SomeTimeouts): Timeouts {
  const { connect = ofAll.connect, idle = ofAll.idle, halfClose = ofAll.halfClose } = ofRoute;
  return {
    connect: connect === undefined ? DEFAULTS['timeouts.connect'].value : connect,
    idle: idle === undefined ? DEFAULTS['timeouts.idle'].value : idle,
    halfClose: halfClose === undefined ? DEFAULTS['timeouts.halfClose'].value : halfClose,
  };
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
