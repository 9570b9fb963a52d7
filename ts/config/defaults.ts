/**
 * Every default, with its unit, its range and its reason. `docs/defaults.md` is generated from this
 * table by `npm run generate`.
 */

import { MOST_COUNT, MOST_FIELDS, MOST_LINE, MOST_WORKERS } from '../plan/limits.js';

/** One default. */
export interface Default {
  /** What holds when nothing is said. `null` is decided where it runs, `false` sets no limit. */
  readonly value: string | number | boolean | null;
  /** What the value counts, or what kind of value it is. */
  readonly unit: Unit;
  /** The smallest and the largest value that is accepted, where it is a number. */
  readonly range?: readonly [number, number];
  /** Why this value. */
  readonly reason: string;
}

/** What a value counts, or what kind of value it is. */
export type Unit =
  | 'milliseconds'
  | 'bytes'
  | 'bytes a second'
  | 'connections'
  | 'endpoints'
  | 'fields'
  | 'hops'
  | 'percent'
  | 'requests'
  | 'retries a second'
  | 'share'
  | 'threads'
  | 'choice'
  | 'switch';

/** The longest time that can be asked for: 1000 hours, which the core's 32 bits hold. */
const LONGEST = 1000 * 60 * 60 * 1000;

/** The largest number that the core's 32 bits hold. */
const LARGEST = 2 ** 32 - 1;

/** The table. Its keys are the paths that users write; what is `fixed.` cannot be changed yet. */
export const DEFAULTS = {
  'listeners.*.accept': {
    value: 'per-worker',
    unit: 'choice',
    reason:
      'Workers that accept for themselves share nothing. A Unix socket is handed off: it cannot be shared.',
  },
  'listeners.*.backlog': {
    value: 4096,
    unit: 'connections',
    range: [1, 65_535],
    reason: 'What Linux allows by default; a burst of connections waits instead of being dropped.',
  },
  'listeners.*.log': {
    value: true,
    unit: 'switch',
    reason: 'Where there is a log, what is missing in it would be missed. Checks of health may well go unlogged.',
  },
  'listeners.*.http.timeouts.head': {
    value: 30_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'A head fits into a few packets. A client that sends it byte by byte only holds a connection.',
  },
  'listeners.*.http.timeouts.keepAlive': {
    value: 75_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Longer than the minute after which balancers and clients before it give up a connection themselves.',
  },
  'listeners.*.http.limits.line': {
    value: 16 * 1024,
    unit: 'bytes',
    range: [1, MOST_LINE],
    reason: 'Twice what RFC 9112 asks everybody to support. What is longer is answered with 414.',
  },
  'listeners.*.http.limits.fields': {
    value: 64 * 1024,
    unit: 'bytes',
    range: [1, MOST_FIELDS],
    reason: 'Large cookies and tokens fit, and what a client can make a worker hold stays small. Else 431.',
  },
  'listeners.*.http.limits.count': {
    value: 100,
    unit: 'fields',
    range: [1, MOST_COUNT],
    reason: 'What other servers commonly allow; a browser sends about 20. More are answered with 431.',
  },
  'listeners.*.http.limits.hops': {
    value: 20,
    unit: 'hops',
    range: [1, 255],
    reason: 'More than any way that is meant; what goes round without our name in it ends here.',
  },
  'listeners.*.http.proxyStatus': {
    value: false,
    unit: 'switch',
    reason: 'Why something failed is for who runs the balancer; clients are told where that is wanted.',
  },
  'listeners.*.http.mergeSlashes': {
    value: false,
    unit: 'switch',
    reason: 'RFC 3986 tells `/a` and `//a` apart, and so do many endpoints: an empty segment may mean something.',
  },
  'pools.*.algorithm': {
    value: 'two-choices',
    unit: 'choice',
    reason: 'It evens out connections of unequal length and costs the same for any number of endpoints.',
  },
  'pools.*.connections.idle': {
    value: 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Traffic that pauses finds its connections again; an endpoint need not keep them for nobody.',
  },
  'pools.*.connections.age': {
    value: false,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'A connection does not wear out. Set it where endpoints change behind one address.',
  },
  'pools.*.connections.requests': {
    value: false,
    unit: 'requests',
    range: [1, LARGEST],
    reason: 'As with age: only an endpoint that loses memory with each request gains by an end.',
  },
  'pools.*.connections.most': {
    value: 256,
    unit: 'connections',
    range: [0, 65_535],
    reason: 'Holds what a burst left behind, of each worker and endpoint, and stays far from the limit of files.',
  },
  'pools.*.retries.percent': {
    value: 20,
    unit: 'percent',
    range: [0, 1_000],
    reason: 'Covers one endpoint of five that fails; what is left is never sent more than a fifth besides.',
  },
  'pools.*.retries.reserve': {
    value: 10,
    unit: 'retries a second',
    range: [0, 100_000],
    reason: 'A fifth of little traffic is nothing, and a few retries a second bring nobody down.',
  },
  'routes.*.tries': {
    value: 3,
    unit: 'endpoints',
    range: [1, 16],
    reason: 'Two endpoints may be down at once; more tries make a client wait rather than help it.',
  },
  'routes.*.proxyStatus': {
    value: false,
    unit: 'switch',
    reason: 'As with that of a listener.',
  },
  'routes.*.trace': {
    value: false,
    unit: 'switch',
    reason: 'It answers with the fields of a request, among them some that a script must not see.',
  },
  'routes.*.paths.encodedSlash': {
    value: 'reject',
    unit: 'choice',
    reason: 'One endpoint sees a slash and another none, so what was matched may not be what is served.',
  },
  'routes.*.paths.encodedBackslash': {
    value: 'reject',
    unit: 'choice',
    reason: 'As with an encoded slash, for those who take a backslash for one.',
  },
  'routes.*.paths.encodedPercent': {
    value: 'keep',
    unit: 'choice',
    reason: 'It is how a percent sign is written. Only who decodes twice sees something else behind it.',
  },
  'routes.*.paths.backslash': {
    value: 'reject',
    unit: 'choice',
    reason: 'No URI has one, and browsers send a slash in its place; some endpoints take it for one.',
  },
  'routes.*.paths.semicolon': {
    value: 'parameters',
    unit: 'choice',
    reason: '`/a;v=1` is common. `/..;/` is sent to who leaves parameters out and then sees two dots.',
  },
  'routes.*.paths.form': {
    value: 'canonical',
    unit: 'choice',
    reason: 'An endpoint that gets what was matched has nothing left to understand in another way.',
  },
  'timeouts.connect': {
    value: 5_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Covers two lost SYNs (1 s and 2 s until they are sent again); more hardly ever succeeds.',
  },
  'timeouts.idle': {
    value: 10 * 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Longer than what clients and endpoints use themselves, so that they end their own connections.',
  },
  'timeouts.halfClose': {
    value: 30_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'One side has finished; a peer that has vanished must not hold the other half for long.',
  },
  'timeouts.body': {
    value: 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Long enough for a radio link that breaks off for a while, short enough to be rid of who is gone.',
  },
  'timeouts.firstByte': {
    value: 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'What proxies commonly wait for an answer; who waits longer has mostly gone away.',
  },
  'timeouts.response': {
    value: 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'As with the first byte. A stream of events that is silent for longer sends comments meanwhile.',
  },
  'timeouts.try': {
    value: false,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Only who knows how long answers take can tell a slow endpoint from a slow answer.',
  },
  'timeouts.total': {
    value: false,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'Downloads take as long as they take; that nothing happens is noticed by the others.',
  },
  'timeouts.tunnel': {
    value: 60 * 60_000,
    unit: 'milliseconds',
    range: [1, LONGEST],
    reason: 'WebSockets are silent for long and mostly ping within the minute; one that is dead ends at last.',
  },
  'limits.body': {
    value: false,
    unit: 'bytes',
    range: [0, 2 ** 50],
    reason: 'Bodies pass through as they come and fill no memory here; endpoints know what they take.',
  },
  'limits.bodyRate': {
    value: 240,
    unit: 'bytes a second',
    range: [0, LARGEST],
    reason: 'What Kestrel asks for; a slower client holds a connection without using it.',
  },
  'accessLog.format': {
    value: 'json',
    unit: 'choice',
    reason: 'It says all that is known, and whoever reads it need not know in which order.',
  },
  'accessLog.sample': {
    value: 1,
    unit: 'share',
    range: [0, 1],
    reason: 'A log is asked for to be complete; who has too much of it says what may go.',
  },
  'listeners.*.http.underscores': {
    value: 'keep',
    unit: 'choice',
    reason: 'Some applications have such names. Those that could be mistaken for ours never go on.',
  },
  'forward.via': {
    value: true,
    unit: 'switch',
    reason: 'A request that goes in a circle is found by it, and RFC 9110 asks for it.',
  },
  'forward.forwarded': {
    value: false,
    unit: 'switch',
    reason: 'Few applications read it yet, and what it says is in X-Forwarded-For as well.',
  },
  'forward.realIp': {
    value: false,
    unit: 'switch',
    reason: 'X-Forwarded-For says it; this is for applications that read nothing else.',
  },
  'forward.requestId': {
    value: false,
    unit: 'switch',
    reason: 'It costs a random number and a field, and is of use to those who log it.',
  },
  'forward.host': {
    value: false,
    unit: 'choice',
    reason: 'An application makes its links of the host that it was asked for.',
  },
  drain: {
    value: 30_000,
    unit: 'milliseconds',
    range: [0, LONGEST],
    reason: 'What process managers commonly grant between asking a process to end and killing it.',
  },
  workers: {
    value: null,
    unit: 'threads',
    range: [1, MOST_WORKERS],
    reason: "Follows the processors that the process may use, by its cgroup's quota too, when it starts.",
  },
  portable: {
    value: false,
    unit: 'switch',
    reason: 'What the system offers is faster; the portable way is for comparing and for finding faults.',
  },
  'fixed.leave': {
    value: 1_000,
    unit: 'milliseconds',
    reason: 'A socket that leaves still accepts connections whose handshake was under way, so none is reset.',
  },
  'fixed.retryAfter': {
    value: 5_000,
    unit: 'milliseconds',
    reason: 'What a client that was answered 503 is told to wait: an endpoint is often back by then.',
  },
} as const satisfies Record<string, Default>;

type Table = typeof DEFAULTS;

/** The settings of numbers that count this, and that a range is accepted of. */
export type SettingOf<U extends Unit> = {
  [Name in keyof Table]: Table[Name] extends { unit: U; range: readonly [number, number] } ? Name : never;
}[keyof Table];
