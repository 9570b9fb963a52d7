// The cases that are measured, what each asks of the load, and the targets agreed for it.

import { ADDED_LATENCY, CPU } from './measures.mjs';
import { PEERS, PROXIES } from './names.mjs';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const KIB = 2 ** 10;

const SHIPPED = ['haproxy', 'nginx'];

/** As shipped, at their best, and as strong as we found them, which no target is set by. */
const TUNED = SHIPPED.flatMap((name) => [name, `${name}-best`, `${name}-grid`]);

/** Ten times as many requests in a second of CPU, beside them as they are shipped. */
const TENFOLD = { 'http-proxy-3': 0.1, httpxy: 0.1 };

/** As shipped we must be far below; beside their best configuration, about level. */
const BULK_TARGETS = { haproxy: 0.6, nginx: 0.6, 'haproxy-best': 1.1, 'nginx-best': 1.1 };

/**
 * Each case: a title, the protocol, its peers, what is measured and what a cost is given in (and how much that
 * is), how many connections it has and whether each slice gets fresh ones, the line that asks the
 * load for one exchange on each and the line for one slice, how many requests or GiB an answer
 * stands for, whether the answer is right, and the highest ratio ours / theirs that is good enough.
 */
export const CASES = {
  rr: {
    title: '256 B request and response, 32 kept-open connections',
    protocol: 'tcp',
    peers: PEERS.tcp,
    measure: CPU,
    unit: 'µs of CPU a request',
    scale: 1e3,
    conns: 32,
    fresh: () => false,
    warmUp: (name) => exchanges(name, 32),
    line: (name, { slice }) => `rr ${name} ${slice} 256 256`,
    units: (answer) => answer.requests,
    right: (answer) => answer.bytes_checked_ok === 256 * answer.requests,
    targets: { floor: 1.08, nginx: 1.02, haproxy: 0.97 },
  },
  bulk1: bulk({ flows: 1, title: 'Bulk on 1 connection' }),
  bulk32: bulk({ flows: 32, title: 'Bulk on 32 connections' }),
  http256: http({ size: 256, called: '256 B', targets: shipped(0.85) }),
  http256log: {
    ...http({ size: 256, called: '256 B', targets: shipped(0.9) }),
    title: 'HTTP/1.1, 256 B, 32 kept-open connections, each request logged to a file',
    logs: true,
  },
  http16k: http({ size: 16 * KIB, called: '16 KiB', targets: bodies(0.85) }),
  http64k: http({ size: 64 * KIB, called: '64 KiB', targets: bodies(0.8) }),
  http1m: http({ size: MIB, called: '1 MiB', targets: bodies(0.95) }),
  httplat1: {
    ...http({ size: 256, called: '256 B', conns: 1, targets: shipped(0.8) }),
    measure: ADDED_LATENCY,
    unit: 'µs added to the median latency',
    scale: 1,
  },
  httpnpm: {
    ...http({ size: 256, called: '256 B', targets: TENFOLD }),
    title: 'HTTP/1.1 beside proxies of npm, 256 B, 32 kept-open connections',
    peers: PROXIES,
    // Enough for JavaScript to be compiled for good: until then a request costs several times as much.
    warmUp: (name) => `httpcount ${name} 30000 256`,
  },
};

/** What `--case` takes besides the name of a case. */
export const GROUPS = { all: Object.keys(CASES), tcp: named('tcp'), http: named('http') };

function named(protocol) {
  return Object.keys(CASES).filter((name) => CASES[name].protocol === protocol);
}

/** A target that is the same for both peers as they are shipped. */
function shipped(most) {
  return Object.fromEntries(SHIPPED.map((name) => [name, most]));
}

/**
 * Targets for bodies: as they are shipped, and at their best. What holds beside both of them holds
 * beside the better one, whichever that is.
 */
function bodies(best) {
  return { ...shipped(0.7), 'haproxy-best': best, 'nginx-best': best };
}

/**
 * Requests of a browser on connections that are kept open, each for a body of one size. Those with a
 * target at their best are measured in every way they can be tuned.
 */
function http({ size, called, conns = 32, targets }) {
  return {
    title: `HTTP/1.1, ${called}, ${conns} kept-open connection${conns === 1 ? '' : 's'}`,
    protocol: 'http',
    peers: 'haproxy-best' in targets ? TUNED : SHIPPED,
    measure: CPU,
    unit: 'µs of CPU a request',
    scale: 1e3,
    conns,
    fresh: () => false,
    warmUp: (name) => `httpcount ${name} ${conns} ${size}`,
    line: (name, { slice }) => `httprr ${name} ${slice} ${size}`,
    units: (answer) => answer.requests,
    right: (answer) => answer.bytes_checked_ok === size * answer.requests,
    targets,
  };
}

function exchanges(name, conns) {
  return `count ${name} ${conns} 256 256`;
}

/**
 * A transfer has connections of its own, as most of the world's have. On kept ones HAProxy's
 * `splice-auto` finds out after some GiB that it may splice and then costs half, so that slices
 * would depend on those before them; `--kept` shows it.
 */
function bulk({ flows, title }) {
  const bytes = (options) => options[`mib${flows}`] * MIB;
  return {
    title,
    protocol: 'tcp',
    peers: PEERS.tcp,
    measure: CPU,
    unit: 'ms of CPU a GiB',
    scale: 1e6,
    conns: flows,
    fresh: (options) => !options.kept,
    warmUp: (name) => exchanges(name, flows),
    line: (name, options) => `bulk ${name} ${flows} ${bytes(options)} ${options.direction}`,
    units: (_answer, options) => bytes(options) / GIB,
    right: (answer, options) =>
      options.direction === 'download'
        ? answer.bytes_checked_ok === bytes(options)
        : // Each flow's confirmation, which tells that the endpoint found every byte right.
          answer.bytes_checked_ok === 16 * flows && answer.bytes_sent > bytes(options),
    targets: BULK_TARGETS,
  };
}
