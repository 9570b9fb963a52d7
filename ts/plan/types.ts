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
 * What is written of every request and connection; `null` writes nothing.
 */
accessLog: AccessLog | null, 
/**
 * Where connections come in.
 */
listeners: Array<Listener>, 
/**
 * Which route takes what, in order of precedence: the first that matches wins.
 */
rules: Array<Rule>, 
/**
 * What to do with what a rule has taken.
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
leave: number, 
/**
 * Seconds after which a client that was answered 503 is told to ask again.
 */
retryAfter: number, };

/**
 * The access log: one line for each request, each connection at layer 4 and each tunnel.
 */
export type AccessLog = { 
/**
 * Where lines go.
 */
to: LogSink, 
/**
 * How values are written.
 */
encoding: LogEncoding, 
/**
 * What a line is made of, but for its end.
 */
parts: Array<LogPart>, 
/**
 * Which lines are written.
 */
sample: LogSample, 
/**
 * Positions of the listeners whose traffic is logged.
 */
listeners: Array<number>, };

/**
 * Where the lines of a log go.
 */
export type LogSink = { "kind": "stdout", } | { "kind": "file", 
/**
 * Its path.
 */
path: string, };

/**
 * How the values of a log are written.
 */
export type LogEncoding = "json" | "text";

/**
 * A part of a line.
 */
export type LogPart = { "kind": "text", 
/**
 * As it is written.
 */
text: string, } | { "kind": "value", 
/**
 * What.
 */
value: LogValue, } | { "kind": "request", 
/**
 * Its name, in lower case.
 */
name: string, } | { "kind": "response", 
/**
 * Its name, in lower case.
 */
name: string, };

/**
 * What is known of a request or a connection. Lengths of time are milliseconds with three decimals.
 */
export type LogValue = "time" | "commonTime" | "client" | "listener" | "protocol" | "route" | "pool" | "endpoint" | "method" | "host" | "target" | "requestLine" | "status" | "bytesIn" | "bytesOut" | "bodyOut" | "head" | "queue" | "connect" | "firstByte" | "total" | "tries" | "reused" | "fault" | "traceId" | "requestId";

/**
 * How many of a million lines are written.
 */
export type LogSample = { 
/**
 * Of those without a fault, by the class of the status: 1xx to 5xx.
 */
statuses: [number, number, number, number, number], 
/**
 * Of those without a fault and without a status.
 */
other: number, 
/**
 * Of those with a fault.
 */
fault: number, };

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
export type Protocol = { "kind": "tcp", } | { "kind": "http" } & HttpListener;

/**
 * What holds for HTTP on a listener, before it is known which route a request takes.
 */
export type HttpListener = { 
/**
 * How long the head of a request may take, in milliseconds.
 */
head: number, 
/**
 * How long a connection may wait for its next request, in milliseconds.
 */
keepAlive: number, 
/**
 * How large heads may be.
 */
heads: HeadLimits, 
/**
 * Whose word about other clients is taken.
 */
trust: Trust, 
/**
 * What becomes of fields whose names have `_`.
 */
underscores: Underscores, 
/**
 * How many may have passed a request on, as its Via tells; beyond it 508.
 */
hops: number, 
/**
 * Answers of ours in other words, where the route has none for the status, or there is none. Each
 * status once.
 */
answers: Array<Answer>, 
/**
 * Whether answers of ours that belong to no route say why, in `Proxy-Status`.
 */
proxyStatus: boolean, 
/**
 * Several slashes in a path are one.
 */
mergeSlashes: boolean, };

/**
 * Whose word about other clients is taken: of proxies that are our own, or known.
 */
export type Trust = { 
/**
 * Those in these networks, each written as `10.0.0.0/8`.
 */
networks: string[], 
/**
 * Those who come by a Unix socket.
 */
unix: boolean, };

/**
 * What becomes of fields whose names have `_`, which some take for `-`.
 */
export type Underscores = "keep" | "drop" | "reject";

/**
 * How large the head of a message may be, from clients and from endpoints.
 */
export type HeadLimits = { 
/**
 * Bytes of the first line.
 */
line: number, 
/**
 * Bytes of all field lines.
 */
fields: number, 
/**
 * How many fields.
 */
count: number, };

/**
 * An answer of ours in other words.
 */
export type Answer = { 
/**
 * The status that it goes with: one of [`STATUSES`].
 */
status: number, 
/**
 * The media type of the body: visible ASCII and blanks.
 */
contentType: string, 
/**
 * The body, at most 64 KiB.
 */
body: string, };

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
 * What is matched: every part that is there has to.
 */
export type Rule = { 
/**
 * Positions of the listeners whose connections it takes; `null` takes every listener's. With a host
 * or a path it takes only what comes by HTTP.
 */
listeners: Array<number> | null, 
/**
 * The host that a request is for: lower case, without port and without a dot at its end.
 */
host: string | null, 
/**
 * The canonical path of a request begins with these segments: `/v2` matches `/v2` and `/v2/x`, not
 * `/v2x`.
 */
path: string | null, 
/**
 * Position of the route that takes a match.
 */
route: number, };

/**
 * What to do with what a rule has taken.
 */
export type Route = { 
/**
 * The stable name.
 */
key: string, 
/**
 * Position of the pool that serves it.
 */
pool: number, 
/**
 * How long each step may take.
 */
timeouts: Timeouts, 
/**
 * What holds for HTTP alone.
 */
http: HttpPolicy, };

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
 * What holds for the exchanges of a route.
 */
export type HttpPolicy = { 
/**
 * In every so many milliseconds of a request's body at least one byte has to come, and as many as
 * `body_rate` says.
 */
body: number, 
/**
 * Bytes a second.
 */
bodyRate: number, 
/**
 * Milliseconds from the end of a request to the first byte of its response.
 */
firstByte: number, 
/**
 * Milliseconds without a byte of a response.
 */
response: number, 
/**
 * Milliseconds that one try may take until its response begins; `null` is as long as the others
 * allow.
 */
attempt: number | null, 
/**
 * Milliseconds that an exchange may take with all its tries; `null` is as long as the others allow.
 */
total: number | null, 
/**
 * Milliseconds without a byte in either direction once both sides speak another protocol; `null`
 * waits for ever.
 */
tunnel: number | null, 
/**
 * Bytes that the body of a request may have; `null` is any number.
 */
mostBody: number | null, 
/**
 * How many endpoints a request is tried at, at most.
 */
tries: number, 
/**
 * What endpoints are told of a request and its client.
 */
forward: Forward, 
/**
 * Answers of ours in other words. Each status once.
 */
answers: Array<Answer>, 
/**
 * Whether answers of ours say why, in `Proxy-Status` (RFC 9209).
 */
proxyStatus: boolean, 
/**
 * Whether TRACE goes on; else it is answered with 405.
 */
trace: boolean, 
/**
 * What the paths of requests may have, and in which form they go on.
 */
paths: PathPolicy, };

/**
 * What endpoints are told of a request and its client, besides `X-Forwarded-For`, `-Proto` and `-Host`.
 */
export type Forward = { 
/**
 * `Via` (RFC 9110 section 7.6.3).
 */
via: boolean, 
/**
 * `Forwarded` (RFC 7239).
 */
forwarded: boolean, 
/**
 * `X-Real-IP`.
 */
realIp: boolean, 
/**
 * `X-Request-Id`.
 */
requestId: boolean, 
/**
 * The value of Host; `null` is that of the client.
 */
host: string | null, };

/**
 * What happens to what others may take for something else in a path, and in which form it goes on.
 *
 * What is refused is looked for in the path as it came, with the segments that dots remove.
 */
export type PathPolicy = { 
/**
 * `%2F`.
 */
encodedSlash: EncodedSlash, 
/**
 * `%5C`.
 */
encodedBackslash: Admission, 
/**
 * `%25`.
 */
encodedPercent: Admission, 
/**
 * `\`.
 */
backslash: Admission, 
/**
 * `;`.
 */
semicolon: Semicolon, 
/**
 * What the endpoint gets.
 */
form: PathForm, };

/**
 * Whether something may stand in a path.
 */
export type Admission = "reject" | "keep";

/**
 * What `%2F` is in a path.
 */
export type EncodedSlash = "reject" | "keep" | "decode";

/**
 * What `;` is in a path.
 */
export type Semicolon = "reject" | "parameters" | "keep";

/**
 * In which form a path goes on.
 */
export type PathForm = "canonical" | "original";

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
picker: Picker, 
/**
 * How long connections to them are used again.
 */
reuse: Reuse, 
/**
 * How many requests may be sent again.
 */
budget: RetryBudget, };

/**
 * How long HTTP connections to an endpoint are kept for other requests.
 */
export type Reuse = { 
/**
 * Milliseconds that one may wait for its next request.
 */
idle: number, 
/**
 * Milliseconds after which it serves no further request; `null` sets no end.
 */
age: number | null, 
/**
 * Requests that it may serve; `null` is any number.
 */
requests: number | null, 
/**
 * How many a worker keeps waiting for each endpoint.
 */
most: number, };

/**
 * How many requests a pool may send again, so that retries do not bring down what is left of it.
 */
export type RetryBudget = { 
/**
 * Percent of its requests.
 */
percent: number, 
/**
 * This many a second besides.
 */
reserve: number, };

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
