// Endpoints, clients and balancers over real sockets; each is gone when its test is over.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type Balancer, createBalancer, type Registry } from '../../ts/balancer.js';
import type { Config } from '../../ts/config/types.js';

/** A server that stands behind a balancer. */
export interface TestEndpoint {
  /** Where it is reached: `127.0.0.1:41234`, or `unix:/tmp/…`. */
  readonly address: string;
  /** The connections that it has now. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** Starts an endpoint on a free port, or on a path; `serve` is given each connection. */
export async function startEndpoint(serve: (socket: Socket) => void, path?: string): Promise<TestEndpoint> {
  const sockets = new Set<Socket>();
  // Half-open: an endpoint decides itself when it has nothing more to say.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  const close = (): Promise<void> => closeServer(server, sockets);
  onTestFinished(close);
  const address = path === undefined ? `127.0.0.1:${portOf(server)}` : `unix:${path}`;
  return { address, sockets, close };
}

/** What endpoints commonly do with a connection. */
export const serving = {
  /** Sends back what it is sent. */
  echo: (socket: Socket): void => void socket.pipe(socket),
  /** Sends a line with this name for each line. */
  name:
    (name: string) =>
    (socket: Socket): void => {
      socket.on('data', (bytes) => {
        socket.write(`${name}\n`.repeat(bytes.filter((byte) => byte === 10).length));
      });
      socket.on('end', () => socket.end());
    },
  /** Takes everything in and says nothing. */
  silence: (socket: Socket): void => void socket.resume(),
};

/** A balancer that is closed, and its connections cut, when the test is over. */
export async function balance(config: Config, registry?: Registry): Promise<Balancer> {
  const balancer = await createBalancer(config, registry);
  onTestFinished(async () => {
    await balancer.close({ drain: 0 });
  });
  return balancer;
}

/** The address of a listener. */
export function addressOf(balancer: Balancer, listener = 'web'): string {
  const bound = balancer.listeners()[listener];
  if (bound === undefined) throw new Error(`there is no listener ${listener}`);
  return bound.address;
}

/** A connection that is open; it may be half-open, and is destroyed when the test is over. */
export async function dial(address: string): Promise<Socket> {
  const socket = connect({ ...targetOf(address), allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** What a connection can be opened to: `tcp://127.0.0.1:80`, `127.0.0.1:80` or `unix:/tmp/…`. */
export function targetOf(address: string): { host: string; port: number } | { path: string } {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** Sends a text, finishes, and answers all that comes back. */
export async function exchange(address: string, text: string): Promise<string> {
  const socket = await dial(address);
  socket.end(text);
  return readAll(socket);
}

/** All that comes until the other side has finished. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const more of socket.setEncoding('utf8')) text += String(more);
  return text;
}

/** The next line. Not for a socket that is read in another way too. */
export async function ask(socket: Socket, line = 'who'): Promise<string> {
  socket.write(`${line}\n`);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString().trim();
}

/** Resolves once the other side has ended this connection: it finished, or it reset it. */
export async function ending(socket: Socket): Promise<'finished' | 'reset'> {
  if (socket.readableEnded) return 'finished';
  if (socket.closed) return 'reset';
  socket.resume();
  return new Promise((resolve) => {
    socket.once('end', () => resolve('finished'));
    socket.once('close', () => resolve('reset'));
  });
}

/** An address that nobody has: it was free a moment ago. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await closeServer(server, new Set());
  return `tcp://127.0.0.1:${port}`;
}

/** Whether something listens there. */
export async function isListening(address: string): Promise<boolean> {
  const socket = connect(targetOf(address));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Resolves as soon as this holds: for what other threads bring about in their own time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const patience = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > patience) throw new Error(`still not so: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
