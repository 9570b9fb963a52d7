// What nginx is told: a function of the two ports, of the protocol, and of how it is tuned.
//
// As shipped means what it does for HAProxy, and the job with HTTP is the same; one worker.

import { MAXCONN } from './haproxy.mjs';

/** What goes beyond the job, by protocol and tuning. */
const TUNED = {
  tcp: {
    shipped: [],
    // Also the best of a small grid for bulk.
    best: ['proxy_buffer_size 1m;'],
  },
  http: {
    shipped: [],
    // What it is commonly given for bodies, and what targets are set by. `proxy_busy_buffers_size` is
    // 128k then by itself, and may be anything from one buffer to all but one.
    best: ['proxy_buffer_size 64k;', 'proxy_buffers 16 64k;'],
    // The best of a small grid for bodies of 16 KiB to 1 MiB: buffering, however large the buffers,
    // costs up to twice as much at 1 MiB as passing on what was read. The second line is not used
    // then, but nginx does not start when it is smaller than the third.
    grid: ['proxy_buffering off;', 'proxy_buffers 4 256k;', 'proxy_buffer_size 256k;'],
  },
};

/** How many requests a connection may carry, which nginx bounds at 1000 by itself. */
const REQUESTS = 1_000_000_000;

/** Folders that nginx makes even for what it is not asked to do. */
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * @param {{ protocol: 'tcp' | 'http', tuning: string, listen: number, endpoint: number, logs?: boolean, module?: string }} how
 *   `logs` writes a file `access.log` in its folder; `module` is the file of nginx's layer 4, which only TCP needs
 */
export function nginxConfig({ protocol, tuning, listen, endpoint, logs = false, module }) {
  const tuned = TUNED[protocol][tuning];
  return [
    ...(module === undefined ? [] : [`load_module ${module};`]),
    'daemon off;',
    'worker_processes 1;',
    'worker_rlimit_nofile 16384;',
    'pid nginx.pid;',
    'error_log stderr warn;',
    // Two for each pair, so this serves as many as HAProxy is allowed.
    ...block('events', [`worker_connections ${2 * MAXCONN};`]),
    ...(protocol === 'http' ? http({ tuned, listen, endpoint, logs }) : stream({ tuned, listen, endpoint })),
    '',
  ].join('\n');
}

function stream({ tuned, listen, endpoint }) {
  const server = [
    `listen 127.0.0.1:${listen};`,
    `proxy_pass 127.0.0.1:${endpoint};`,
    'proxy_connect_timeout 5s;',
    'proxy_timeout 10m;',
    ...tuned,
  ];
  return block('stream', block('server', server));
}

function http({ tuned, listen, endpoint, logs }) {
  const kept = ['keepalive_timeout 10m;', `keepalive_requests ${REQUESTS};`];
  const location = [
    'proxy_pass http://echo;',
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header Via "1.1 nginx";',
    'proxy_connect_timeout 5s;',
    'proxy_send_timeout 10m;',
    'proxy_read_timeout 10m;',
  ];
  return block('http', [
    ...FOLDERS.map((name) => `${name}_temp_path ${name};`),
    // As shipped: a write for each line.
    logs ? 'access_log access.log combined;' : 'access_log off;',
    ...kept,
    ...tuned,
    ...block('upstream echo', [`server 127.0.0.1:${endpoint};`, 'keepalive 64;', ...kept]),
    ...block('server', [`listen 127.0.0.1:${listen};`, ...block('location /', location)]),
  ]);
}

function block(name, lines) {
  return [`${name} {`, ...lines.map((line) => `    ${line}`), '}'];
}
