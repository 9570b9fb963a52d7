/** What happened, nested by name: made of the flat numbers that the core copies and their index. */

import type { CounterGroup, CounterIndex } from './native.js';

/** What a balancer has counted since it was created. */
export interface Counters {
  /** The version of the plan that the numbers were read under. */
  readonly version: number;
  /** Plans in memory: 1, or more while connections hold on to an older one. */
  readonly worlds: number;
  /** Threads that carry traffic. */
  readonly workers: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** By the names of the listeners. */
  readonly listeners: Readonly<Record<string, ListenerCounters>>;
  /** By the names of the endpoints. */
  readonly endpoints: Readonly<Record<string, EndpointCounters>>;
  /** How often each expected failure happened, by its label. */
  readonly faults: Readonly<Record<string, number>>;
}

/** What was counted at a listener. */
export interface ListenerCounters {
  /** Connections accepted. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Bytes received from clients. */
  readonly bytesIn: number;
  /** Bytes sent to clients. */
  readonly bytesOut: number;
}

/** What was counted at an endpoint. */
export interface EndpointCounters {
  /** How often it was chosen. */
  readonly picked: number;
  /** Connections to it that are open now. */
  readonly open: number;
  /** Connections that are being relayed to it now. */
  readonly inflight: number;
  /** Connections to it that could not be made. */
  readonly failed: number;
  /** Bytes sent to it. */
  readonly bytesSent: number;
  /** Bytes received from it. */
  readonly bytesReceived: number;
}

/** The numbers of `values`, by the names of `index`. */
export function nest(index: CounterIndex, values: Float64Array): Counters {
  const reader = new Reader(values);
  const header = reader.row(index.header);
  return {
    version: header('version'),
    worlds: header('worlds'),
    workers: header('workers'),
    connections: header('connections'),
    listeners: reader.group(index.listeners, (count) => ({
      accepted: count('accepted'),
      open: count('open'),
      bytesIn: count('bytesIn'),
      bytesOut: count('bytesOut'),
    })),
    endpoints: reader.group(index.endpoints, (count) => ({
      picked: count('picked'),
      open: count('open'),
      inflight: count('inflight'),
      failed: count('failed'),
      bytesSent: count('bytesSent'),
      bytesReceived: count('bytesReceived'),
    })),
    faults: reader.group({ keys: index.faults.keys, fields: ['times'] }, (count) => count('times')),
  };
}

/** Gives the number of a field. */
type Row = (field: string) => number;

// Walks the numbers in the order in which they lie.
class Reader {
  readonly #values: Float64Array;
  #at = 0;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  row(fields: readonly string[]): Row {
    const from = this.#at;
    this.#at += fields.length;
    return (field) => {
      const at = fields.indexOf(field);
      // What this addon does not count reads as 0.
      return at < 0 ? 0 : (this.#values[from + at] ?? 0);
    };
  }

  group<T>({ keys, fields }: CounterGroup, read: (row: Row) => T): Record<string, T> {
    return Object.fromEntries(keys.map((key) => [key, read(this.row(fields))]));
  }
}
