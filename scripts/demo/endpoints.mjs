// Small servers with a trivial protocol: whatever line comes in, the server's own name goes out.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Starts one endpoint a name, each on a free port. */
export const startEndpoints = (names) => Promise.all(names.map(startEndpoint));

async function startEndpoint(name) {
  const open = new Set();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {}); // A client that vanishes is the client's matter.
    socket.on('data', (bytes) => {
      const lines = bytes.filter((byte) => byte === 10).length;
      socket.write(`${name}\n`.repeat(lines));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { name, address: `127.0.0.1:${server.address().port}`, close };
}
