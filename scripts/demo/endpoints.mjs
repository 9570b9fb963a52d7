// Small HTTP servers: whatever is asked for, the server's own name goes out as a line.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Starts one endpoint a name, each on a free port. */
export const startEndpoints = (names) => Promise.all(names.map(startEndpoint));

async function startEndpoint(name) {
  const body = `${name}\n`;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { name, address: `127.0.0.1:${server.address().port}`, close };
}
