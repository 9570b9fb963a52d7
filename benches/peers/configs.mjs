// What HAProxy and nginx are told, as functions of the two ports: as shipped, and at their best.
//
// As shipped means: the features of the job asked for by name, no buffer touched. At their best is
// the best of a small grid for bulk. One thread or worker each, and timeouts a sane site would have.

/** Below the 20 000 files a process may open here: HAProxy refuses to start beyond that. */
export const MAXCONN = 6_000;

/** @param {{ listen: number, endpoint: number, best: boolean }} how */
export function haproxyConfig({ listen, endpoint, best }) {
  const tuning = best
    ? ['    tune.bufsize 65536', '    tune.pipesize 1048576']
    : [];
  const splicing = best
    ? ['    option splice-request', '    option splice-response']
    : ['    option splice-auto'];
  return [
    'global',
    '    nbthread 1',
    `    maxconn ${MAXCONN}`,
    ...tuning,
    '',
    'defaults',
    '    mode tcp',
    ...splicing,
    '    timeout connect 5s',
    '    timeout client 10m',
    '    timeout server 10m',
    '',
    'frontend web',
    `    bind 127.0.0.1:${listen}`,
    '    default_backend echo',
    '',
    'backend echo',
    `    server a 127.0.0.1:${endpoint}`,
    '',
  ].join('\n');
}

/** @param {{ listen: number, endpoint: number, best: boolean, module: string }} how */
export function nginxConfig({ listen, endpoint, best, module }) {
  return [
    `load_module ${module};`,
    'daemon off;',
    'worker_processes 1;',
    'worker_rlimit_nofile 16384;',
    'pid nginx.pid;',
    'error_log stderr warn;',
    'events {',
    // Two for each pair, so this serves as many as HAProxy is allowed.
    `    worker_connections ${2 * MAXCONN};`,
    '}',
    'stream {',
    '    server {',
    `        listen 127.0.0.1:${listen};`,
    `        proxy_pass 127.0.0.1:${endpoint};`,
    '        proxy_connect_timeout 5s;',
    '        proxy_timeout 10m;',
    ...(best ? ['        proxy_buffer_size 1m;'] : []),
    '    }',
    '}',
    '',
  ].join('\n');
}
