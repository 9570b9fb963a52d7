// What HAProxy is told: a function of the two ports, of the protocol, and of how it is tuned.
//
// As shipped means: the features of the job asked for by name, no buffer touched. One thread, and
// timeouts a sane site would have. With HTTP the job is ours: connections kept on both sides, nothing
// logged, and four fields added to each request (X-Forwarded-For, X-Forwarded-Proto,
// X-Forwarded-Host, Via). Idle connections stay as long as others do, so that what is measured never
// contains a new one.

/** Below the 20 000 files a process may open here: HAProxy refuses to start beyond that. */
export const MAXCONN = 6_000;

const PIPES = 'tune.pipesize 1048576';

/** What goes beyond the job, by protocol and tuning: into `global`, and into `defaults`. */
const TUNED = {
  tcp: {
    shipped: { global: [], defaults: ['option splice-auto'] },
    // Also the best of a small grid for bulk.
    best: {
      global: ['tune.bufsize 65536', PIPES],
      defaults: ['option splice-request', 'option splice-response'],
    },
  },
  http: {
    shipped: { global: [], defaults: [] },
    // What it is commonly given for bodies, and what targets are set by.
    best: { global: ['tune.bufsize 65536', PIPES], defaults: ['option splice-response'] },
    // The best of a small grid for bodies of 16 KiB to 1 MiB. A bigger buffer than this costs it a
    // fifth more at 64 KiB, because less is spliced.
    grid: { global: ['tune.bufsize 24576', PIPES], defaults: ['option splice-response'] },
  },
};

const JOB = {
  tcp: { defaults: ['mode tcp'], frontend: [], server: '' },
  http: {
    defaults: ['mode http', 'option http-keep-alive', 'option forwardfor', 'http-reuse always'],
    frontend: [
      'http-request set-header X-Forwarded-Proto http',
      'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
      'http-request set-header Via "1.1 haproxy"',
    ],
    // Otherwise it closes half of the connections that nobody used for five seconds.
    server: ' pool-purge-delay 10m',
  },
};

/**
 * The combined log format: `%HM %HU %HV` is the first line of the request, `%B` all bytes that the client
 * was sent, of which HAProxy does not know those of the body apart. It captures what it logs of the head.
 */
const LOGGED = {
  // To the file that standard output was redirected to.
  global: ['log stdout format raw local0'],
  defaults: ['log global'],
  frontend: [
    'capture request header Referer len 1024',
    'capture request header User-Agent len 1024',
    `log-format '%ci - - [%T] "%HM %HU %HV" %ST %B "%[capture.req.hdr(0)]" "%[capture.req.hdr(1)]"'`,
  ],
};
const NOTHING_LOGGED = { global: [], defaults: [], frontend: [] };

/** @param {{ protocol: 'tcp' | 'http', tuning: string, listen: number, endpoint: number, logs?: boolean }} how */
export function haproxyConfig({ protocol, tuning, listen, endpoint, logs = false }) {
  const [job, tuned, logged] = [JOB[protocol], TUNED[protocol][tuning], logs ? LOGGED : NOTHING_LOGGED];
  return [
    'global',
    ...indented(['nbthread 1', `maxconn ${MAXCONN}`, ...tuned.global, ...logged.global]),
    '',
    'defaults',
    ...indented([...job.defaults, ...tuned.defaults, ...logged.defaults]),
    ...indented(['timeout connect 5s', 'timeout client 10m', 'timeout server 10m']),
    '',
    'frontend web',
    ...indented([`bind 127.0.0.1:${listen}`, ...job.frontend, ...logged.frontend, 'default_backend echo']),
    '',
    'backend echo',
    ...indented([`server a 127.0.0.1:${endpoint}${job.server}`]),
    '',
  ].join('\n');
}

function indented(lines) {
  return lines.map((line) => `    ${line}`);
}
