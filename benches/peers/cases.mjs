// The cases that are measured, what each asks of the load, and the targets agreed for it.

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Two runs of the same thing may differ by this much before the run says nothing. */
export const AGAIN_TOLERANCE = 0.02;

/** As shipped we must be far below; beside their best configuration, about level. */
const BULK_TARGETS = { haproxy: 0.6, nginx: 0.6, 'haproxy-best': 1.1, 'nginx-best': 1.1 };

/**
 * Each case: a title, what a cost is given in (and how many nanoseconds that is), how many
 * connections it has and whether each slice gets fresh ones, the line that asks the load for one
 * slice, how many requests or GiB an answer stands for, whether the answer is right, and the highest
 * ratio ours / theirs that is good enough.
 */
export const CASES = {
  rr: {
    title: '256 B request and response, 32 kept-open connections',
    unit: 'µs of CPU a request',
    scale: 1e3,
    conns: 32,
    fresh: () => false,
    line: (name, { slice }) => `rr ${name} ${slice} 256 256`,
    units: (answer) => answer.requests,
    right: (answer) => answer.bytes_checked_ok === 256 * answer.requests,
    targets: { floor: 1.08, nginx: 1.02, haproxy: 0.97 },
  },
  bulk1: bulk({ flows: 1, title: 'Bulk on 1 connection' }),
  bulk32: bulk({ flows: 32, title: 'Bulk on 32 connections' }),
};

/**
 * A transfer has connections of its own, as most of the world's have. On kept ones HAProxy's
 * `splice-auto` finds out after some GiB that it may splice and then costs half, so that slices
 * would depend on those before them; `--kept` shows it.
 */
function bulk({ flows, title }) {
  const bytes = (options) => options[`mib${flows}`] * MIB;
  return {
    title,
    unit: 'ms of CPU a GiB',
    scale: 1e6,
    conns: flows,
    fresh: (options) => !options.kept,
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
