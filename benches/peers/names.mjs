// The names that contenders go by in samples and results.

/** Ours, and ours again: what two equal processes differ by is what the method is good for. */
export const OURS = 'fourseven';
export const AGAIN = 'fourseven-again';

/** Nobody in between: the endpoint itself, where latency is compared. */
export const DIRECT = 'direct';

/** What one would install from npm to proxy HTTP. */
export const PROXIES = ['http-proxy-3', 'http-proxy-3-best', 'httpxy', 'httpxy-best'];

/** Who ends its connections, the endpoint's and the client's, with each answer. */
export const CLOSING = ['http-proxy-3'];

/** Beside whom we can be measured, by the protocol that they are asked to speak. */
export const PEERS = {
  tcp: ['floor', 'haproxy', 'haproxy-best', 'nginx', 'nginx-best'],
  http: ['floor', 'haproxy', 'haproxy-best', 'haproxy-grid', 'nginx', 'nginx-best', 'nginx-grid', ...PROXIES],
};

/** What a contender is, and how that is tuned. */
export function parted(name) {
  const [, product, tuning = 'shipped'] = /^(.+?)(?:-(best|grid))?$/.exec(name);
  return { product, tuning };
}
