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
  /** Lines of the access log. */
  readonly log: LogCounters;
  /** By the names of the listeners. */
  readonly listeners: Readonly<Record<string, ListenerCounters>>;
  /** By the names of the routes. */
  readonly routes: Readonly<Record<string, RouteCounters>>;
  /** By the names of the pools. */
  readonly pools: Readonly<Record<string, PoolCounters>>;
  /** By the names of the endpoints. */
  readonly endpoints: Readonly<Record<string, EndpointCounters>>;
  /** How often each expected failure happened, by its label. */
  readonly faults: Readonly<Record<string, number>>;
}

/** What was counted of the access log. */
export interface LogCounters {
  /** Lines that were written. */
  readonly written: number;
  /** Lines that were not, because nobody took them in time. */
  readonly dropped: number;
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
  /** HTTP requests whose head has come. */
  readonly requests: number;
  /** HTTP responses: those of endpoints, and answers of the balancer itself. */
  readonly responses: Responses;
}

/** What was counted of a route. */
export interface RouteCounters {
  /** Connections, or HTTP requests, that it took. */
  readonly taken: number;
  /** HTTP responses that its clients were sent: those of endpoints, and answers in their place. */
  readonly responses: Responses;
  /** How long its exchanges took: from the head of a request to the end of its response. */
  readonly durations: Histogram;
}

/** What was counted of a pool. */
export interface PoolCounters {
  /** Connections, or HTTP requests, that it was to serve. */
  readonly requests: number;
  /** HTTP requests that were sent again. */
  readonly retries: number;
  /** HTTP requests that were not, because `retries` of the pool allowed no more. */
  readonly retriesDenied: number;
}

/** HTTP responses by the class of their status. */
export interface Responses {
  /** Another protocol is spoken from there on. Interim responses are not counted. */
  readonly '1xx': number;
  /** It was done. */
  readonly '2xx': number;
  /** It is elsewhere, or unchanged. */
  readonly '3xx': number;
  /** The client is at fault. */
  readonly '4xx': number;
  /** The endpoint, or the way there, is at fault. */
  readonly '5xx': number;
}

/** How often something took how long. */
export interface Histogram {
  /** The upper ends of the buckets, in seconds, from the shortest to the longest. */
  readonly bounds: readonly number[];
  /**
   * How many took at most each bound and longer than the one before. One more than there are
   * bounds: the last counts what took longer than all.
   */
  readonly counts: readonly number[];
  /** All of them together, in seconds. */
  readonly sum: number;
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
  /** HTTP requests for which a connection to it was used again. */
  readonly reused: number;
  /** HTTP responses that came from it. */
  readonly responses: Responses;
  /** How long it took from the head of a request to the head of its response, with all tries. */
  readonly firstBytes: Histogram;
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
    log: { written: header('logWritten'), dropped: header('logDropped') },
    listeners: reader.group(index.listeners, (count) => ({
      accepted: count('accepted'),
      open: count('open'),
      bytesIn: count('bytesIn'),
      bytesOut: count('bytesOut'),
      requests: count('requests'),
      responses: responses(count),
    })),
    routes: reader.group(index.routes, (count) => ({
      taken: count('taken'),
      responses: responses(count),
      durations: histogram(index.bounds, count),
    })),
    pools: reader.group(index.pools, (count) => ({
      requests: count('requests'),
      retries: count('retries'),
      retriesDenied: count('retriesDenied'),
    })),
    endpoints: reader.group(index.endpoints, (count) => ({
      picked: count('picked'),
      open: count('open'),
      inflight: count('inflight'),
      failed: count('failed'),
      bytesSent: count('bytesSent'),
      bytesReceived: count('bytesReceived'),
      reused: count('reused'),
      responses: responses(count),
      firstBytes: histogram(index.bounds, count),
    })),
    faults: reader.group({ keys: index.faults.keys, fields: ['times'] }, (count) => count('times')),
  };
}

/** Gives the number of a field. */
type Row = (field: string) => number;

function responses(count: Row): Responses {
  return {
    '1xx': count('1xx'),
    '2xx': count('2xx'),
    '3xx': count('3xx'),
    '4xx': count('4xx'),
    '5xx': count('5xx'),
  };
}

const MICROSECONDS = 1e6;

function histogram(bounds: readonly number[], count: Row): Histogram {
  const all = [...bounds.keys(), bounds.length];
  return {
    bounds: bounds.map((bound) => bound / MICROSECONDS),
    counts: all.map((at) => count(`histogram${at}`)),
    sum: count(`histogram${bounds.length + 1}`) / MICROSECONDS,
  };
}

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
