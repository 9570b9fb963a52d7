// Generated from crates/plan by `npm run generate`. Do not edit.

/**
 * Everything the core needs to know, as data.
 *
 * Lists refer to each other by position; a position belongs to the plan that holds it and never
 * leaves it. What outlives a plan is found by `key`.
 */
export type Plan = { 
/**
 * The format of this plan: always 1.
 */
format: number, 
/**
 * The number of this plan among those given to one balancer; it only grows.
 */
version: number, 
/**
 * How the engine runs it.
 */
engine: EngineSettings, 
/**
 * Where connections come in.
 */
listeners: Array<Listener>, 
/**
 * What to do with them, in order of precedence: the first that matches wins.
 */
routes: Array<Route>, 
/**
 * Sets of endpoints that can serve the same traffic.
 */
pools: Array<Pool>, 
/**
 * What stands behind the pools.
 */
endpoints: Array<Endpoint>, };

/**
 * How the engine runs a plan.
 */
export type EngineSettings = { 
/**
 * Threads that carry traffic; `null` follows the processor quota of the process.
 */
workers: number | null, 
/**
 * Only what every system has: no `SO_REUSEPORT`, no splice.
 */
portable: boolean, 
/**
 * How long, in milliseconds, a connection may live on once its endpoint has left the plan.
 */
drain: number, 
/**
 * Milliseconds that a socket which leaves its group goes on accepting what was under way.
 */
leave: number, };

/**
 * A transport, an address, and how connections are accepted there.
 */
export type Listener = { 
/**
 * The stable name.
 */
key: string, 
/**
 * Where to listen. Port 0 asks the system for a free one.
 */
address: Address, 
/**
 * What is spoken there.
 */
protocol: Protocol, 
/**
 * Who accepts.
 */
accept: Accept, 
/**
 * Connections that the system holds for a socket until they are accepted.
 */
backlog: number, };

/**
 * What is spoken on a listener.
 */
export type Protocol = "tcp" | "http";

/**
 * Who accepts the connections of a listener.
 */
export type Accept = "per-worker" | "hand-off";

/**
 * Where a socket listens or connects.
 */
export type Address = { "kind": "tcp", 
/**
 * The IP address, without brackets. `::` listens on all addresses of both families.
 */
host: string, 
/**
 * The port.
 */
port: number, } | { "kind": "unix", 
/**
 * The path of the socket.
 */
path: string, };

/**
 * A rule and what to do with a match.
 */
export type Route = { 
/**
 * The stable name.
 */
key: string, 
/**
 * Positions of the listeners whose connections it takes; `null` takes every listener's.
 */
listeners: Array<number> | null, 
/**
 * Position of the pool that serves a match.
 */
pool: number, 
/**
 * How long each step may take.
 */
timeouts: Timeouts, };

/**
 * How long the steps of a connection may take, in milliseconds. They are kept by a timer wheel of
 * 10 ms ticks and never fire early.
 */
export type Timeouts = { 
/**
 * To connect to one endpoint, all its addresses together.
 */
connect: number, 
/**
 * Without a byte in either direction; `null` waits for ever.
 */
idle: number | null, 
/**
 * Without a byte once one side has finished; `null` waits for ever.
 */
halfClose: number | null, };

/**
 * A named set of endpoints that can serve the same traffic, with one picker.
 */
export type Pool = { 
/**
 * The stable name.
 */
key: string, 
/**
 * Positions of its endpoints in the plan.
 */
endpoints: Array<number>, 
/**
 * How one of them is chosen.
 */
picker: Picker, };

/**
 * The data that the core executes to choose an endpoint.
 */
export type Picker = { "kind": "cycle", 
/**
 * The table, named by the hash of its bytes.
 */
table: TableHash, } | { "kind": "least", 
/**
 * A postfix program over an endpoint's live numbers.
 */
cost: Array<CostOp>, 
/**
 * How many to draw, from 1 to 32; `null` compares all.
 */
choices: number | null, };

/**
 * The name of a table: the SHA-256 of its little-endian bytes, in lower-case hexadecimal.
 */
export type TableHash = string;

/**
 * One step of a cost program. Operands are pushed, operators take two and push one.
 */
export type CostOp = { "op": "number", 
/**
 * Finite.
 */
value: number, } | { "op": "inflight", } | { "op": "open", } | { "op": "plus", } | { "op": "times", } | { "op": "over", };

/**
 * The addresses of one thing that serves traffic.
 */
export type Endpoint = { 
/**
 * The stable name.
 */
key: string, 
/**
 * Where it is reached, tried in this order (RFC 8305 says how they race).
 */
addresses: Array<Address>, };
