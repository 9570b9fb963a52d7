// What HAProxy and nginx are told for HTTP, as functions of the two ports: as shipped, and at their
// best.
//
// As shipped means: the features of the job asked for by name, no buffer touched. The job is ours:
// connections kept on both sides, nothing logged, and four fields added to each request
// (X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Via). Idle connections stay as long as
// others do, so that what is measured never contains a new one.
//
// At their best is the best of a small grid for bodies of 16 KiB to 1 MiB. A bigger buffer than
// HAProxy's here costs it a fifth more at 64 KiB, because less is spliced; nginx's buffering, however
// large the buffers, costs it up to twice as much at 1 MiB as passing on what it read.

import { MAXCONN } from './configs.mjs';

/** @param {{ listen: number, endpoint: number, best: boolean }} how */
export function haproxyHttpConfig({ listen, endpoint, best }) {
  return [
    'global',
    '    nbthread 1',
    `    maxconn ${MAXCONN}`,
    ...(best ? ['    tune.bufsize 24576', '    tune.pipesize 1048576'] : []),
    '',
    'defaults',
    '    mode http',
    '    option http-keep-alive',
    '    option forwardfor',
    ...(best ? ['    option splice-response'] : []),
    '    http-reuse always',
    '    timeout connect 5s',
    '    timeout client 10m',
    '    timeout server 10m',
    '',
    'frontend web',
    `    bind 127.0.0.1:${listen}`,
    '    http-request set-header X-Forwarded-Proto http',
    '    http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '    http-request set-header Via "1.1 haproxy"',
    '    default_backend echo',
    '',
    'backend echo',
    // Otherwise it closes half of the connections that nobody used for five seconds.
    `    server a 127.0.0.1:${endpoint} pool-purge-delay 10m`,
    '',
  ].join('\n');
}

/** How many requests a connection may carry, which nginx bounds at 1000 by itself. */
const REQUESTS = 1_000_000_000;

/** Folders that nginx makes even for what it is not asked to do. */
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The second of them is not used then, but nginx does not start when it is smaller than the third. */
const UNBUFFERED = ['    proxy_buffering off;', '    proxy_buffers 4 256k;', '    proxy_buffer_size 256k;'];

/** @param {{ listen: number, endpoint: number, best: boolean }} how */
export function nginxHttpConfig({ listen, endpoint, best }) {
  return [
    'daemon off;',
    'worker_processes 1;',
    'worker_rlimit_nofile 16384;',
    'pid nginx.pid;',
    'error_log stderr warn;',
    'events {',
    `    worker_connections ${2 * MAXCONN};`,
    '}',
    'http {',
    ...FOLDERS.map((name) => `    ${name}_temp_path ${name};`),
    '    access_log off;',
    '    keepalive_timeout 10m;',
    `    keepalive_requests ${REQUESTS};`,
    ...(best ? UNBUFFERED : []),
    '    upstream echo {',
    `        server 127.0.0.1:${endpoint};`,
    '        keepalive 64;',
    '        keepalive_timeout 10m;',
    `        keepalive_requests ${REQUESTS};`,
    '    }',
    '    server {',
    `        listen 127.0.0.1:${listen};`,
    '        location / {',
    '            proxy_pass http://echo;',
    '            proxy_http_version 1.1;',
    '            proxy_set_header Connection "";',
    '            proxy_set_header Host $http_host;',
    '            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '            proxy_set_header X-Forwarded-Proto $scheme;',
    '            proxy_set_header X-Forwarded-Host $http_host;',
    '            proxy_set_header Via "1.1 nginx";',
    '            proxy_connect_timeout 5s;',
    '            proxy_send_timeout 10m;',
    '            proxy_read_timeout 10m;',
    '        }',
    '    }',
    '}',
    '',
  ].join('\n');
}
