// Ports of the loopback: a free one, and waiting until somebody listens on one.

import { createServer, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port nobody listens on now; somebody else may take it before it is used, which then shows. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when the port takes a connection, for contenders that do not say that they are ready. */
export async function untilAccepts(port, { signal }) {
  while (!(await accepts(port))) await sleep(20, undefined, { signal });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
