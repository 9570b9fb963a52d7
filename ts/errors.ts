/**
 * What fourseven throws, and every code, message and hint of it in one place.
 *
 * An *error* is what is thrown. An *issue* is one thing that is wrong with a configuration or with
 * what was asked of the system; an error lists all of them. A message says what is the case, a hint
 * says what to do; holes in braces are filled in by the caller.
 */

interface Row {
  readonly message: string;
  readonly hint: string;
}

/** What is thrown. Messages and hints are sentences. */
const ERRORS = {
  CONFIG_INVALID: {
    message: 'The configuration has {problems}.',
    hint: 'Nothing was changed.',
  },
  ADDRESS_IN_USE: {
    message: 'An address to listen on is in use.',
    hint: 'Nothing was changed.',
  },
  LISTEN_FAILED: {
    message: 'The system refused to listen.',
    hint: 'Nothing was changed.',
  },
  WORKERS_FAILED: {
    message: 'The threads that carry traffic could not be started.',
    hint: 'Nothing was changed.',
  },
  LOG_FAILED: {
    message: 'The access log cannot be written where it is to go.',
    hint: 'Nothing was changed.',
  },
  PLAN_REFUSED: {
    message: 'The core refused the plan that this configuration was compiled into.',
    hint: 'This is a bug of fourseven: please report it with the configuration and the lines below.',
  },
  CLOSED: {
    message: 'This balancer is closed.',
    hint: 'Make a new one with createBalancer().',
  },
  ADDON_MISSING: {
    message: 'The native addon of fourseven for {platform} is not installed.',
    hint: 'It is the package {package}, an optional dependency: run "npm i {package}@{version}", and see that neither "--omit=optional" nor a lock file made on another system leaves it out.',
  },
  ADDON_FAILED: {
    message: 'The native addon of fourseven for {platform} is there but could not be loaded: {reason}.',
    hint: 'It is the package {package}: run "npm i {package}@{version}" so that it fits this system and this version.',
  },
} as const satisfies Record<string, Row>;

/** What an error lists. Messages and hints are clauses, without a full stop. */
const ISSUES = {
  // The shape of what was written.
  WRONG_TYPE: { message: '{got} does not belong here', hint: '{hint}' },
  MISSING: { message: 'is missing', hint: 'give {expected}' },
  UNKNOWN_FIELD: { message: 'there is no field of this name', hint: '{meant}' },
  NOT_ONE_OF: { message: '{got} is not a choice here', hint: '{meant}' },
  OUT_OF_RANGE: { message: '{got} is out of range', hint: 'give {what} from {min} to {max}' },
  BAD_NAME: {
    message: '{got} is no name',
    hint: 'use 1 to 200 characters, without control characters',
  },
  BAD_DURATION: {
    message: '{got} is no length of time',
    hint: 'write milliseconds as a number, or a number and a unit, such as "250ms", "5s", "10m" or "1h"',
  },
  BAD_BYTES: {
    message: '{got} is no number of bytes',
    hint: 'write bytes as a number, or a number and a unit, such as "16KiB", "10MiB" or "2GiB"',
  },

  // Addresses.
  BAD_ADDRESS: {
    message: '{got} is no address',
    hint: 'write it like "tcp://127.0.0.1:8080", "[::1]:8080", ":8080" or "unix:/run/app.sock"',
  },
  BARE_PORT: { message: '{got} is a port, not an address', hint: 'write ":{got}"' },
  NO_PORT: { message: '{got} has no port', hint: 'add one, such as "{host}:8080"' },
  NO_BRACKETS: { message: 'the IPv6 address in {got} has no brackets', hint: 'write it like "[::1]:8080"' },
  BAD_PORT: { message: '{port} is no port', hint: 'give a port from {min} to 65535' },
  BAD_SCHEME: { message: '"{scheme}" cannot be spoken there', hint: 'write "tcp://" or "unix:", or "http://" where a listener speaks HTTP' },
  HOST_NAME: {
    message: '{host} is a host name, and names are not resolved yet',
    hint: 'give the IP address',
  },
  IPV6_ZONE: {
    message: '{host} names a network interface, which is not supported',
    hint: 'leave out the "%" and what follows it',
  },
  ANY_HOST: {
    message: '{host} stands for every address of this machine, so nothing can connect to it',
    hint: 'give the IP address of the endpoint, or ":{port}" for this machine',
  },
  TWO_FAMILIES: {
    message: 'localhost is two addresses, and a listener has one',
    hint: 'write "127.0.0.1:{port}" or "[::1]:{port}", or make two listeners',
  },
  BAD_PATH: {
    message: '{got} is no path of a socket',
    hint: 'write an absolute path of at most 107 bytes, such as "unix:/run/app.sock"',
  },
  ACCEPT_UNIX: {
    message: 'a Unix socket cannot be accepted per worker',
    hint: 'leave "accept" out, or write "hand-off"',
  },
  HTTP_ON_TCP: {
    message: 'this listener speaks no HTTP',
    hint: 'write "http://" or "http+unix:" in its address, or leave "http" out',
  },

  // Answers of ours in other words.
  ANSWER_WORDS: { message: 'it has {got} of "text" and "file"', hint: 'give one of them' },
  ANSWER_TYPE: { message: '{got} is no media type', hint: 'write it like "text/html; charset=utf-8"' },
  ANSWER_NO_TYPE: {
    message: 'the name {file} does not tell the media type',
    hint: 'give "type", such as "text/html; charset=utf-8"',
  },
  ANSWER_TOO_LARGE: {
    message: '{what} has {size} bytes, and an answer has at most {most}',
    hint: 'make it shorter',
  },
  ANSWER_NOT_TEXT: { message: '{what} is no text in UTF-8', hint: 'write it as UTF-8' },
  ANSWER_UNREADABLE: {
    message: '{what} could not be read: {reason}',
    hint: 'give a file that this process may read, by a path that is absolute or begins where the process works',
  },

  // What is matched of requests.
  BAD_HOST: {
    message: '{got} is no host of requests',
    hint: 'write it like "api.example", "10.0.0.7" or "[2001:db8::7]"',
  },
  HOST_PORT: {
    message: '{got} has a port, and requests are matched by their host alone',
    hint: 'write {host}, and name the listener of that port where it matters',
  },
  HOST_UNICODE: {
    message: '{got} is not how a host is written in a request',
    hint: 'write {ascii}',
  },
  HOST_WILDCARD: {
    message: '{got} is a pattern, and patterns of hosts are not supported yet',
    hint: 'list the hosts, or leave "host" out to match all',
  },
  BAD_NETWORK: {
    message: '{got} is no network',
    hint: 'write it like "10.0.0.0/8", "2001:db8::/32" or "192.0.2.7", or "unix" for whoever comes by a Unix socket',
  },
  BAD_PREFIX: {
    message: '{got} is no beginning of a path',
    hint: 'write whole segments, each behind a "/", such as "/api/v2", without "?", "#" or segments of dots',
  },
  PREFIX_ENCODING: {
    message: 'it has characters that a path has only encoded',
    hint: 'write {encoded}',
  },
  PREFIX_CANONICAL: {
    message: '{got} is not how paths are compared, which is in their canonical form',
    hint: 'write {canonical}',
  },
  PREFIX_BROKEN: {
    message: '{got} has an encoding that no request may have',
    hint: 'write "%25" for a percent sign, and other characters in UTF-8, such as "%C3%A9"',
  },
  PREFIX_REFUSED: {
    message: '{got} has {what}, and this route refuses paths that have it there',
    hint: 'set "paths.{field}" of the route to "keep", or match another path',
  },
  NO_HOSTS: { message: 'the list is empty', hint: 'give a host, or leave the field out to match all' },
  NO_PATHS: { message: 'the list is empty', hint: 'give a path, or leave the field out to match all' },
  TOO_MANY_RULES: {
    message: 'its hosts and paths make {count} pairs, and a route has at most {most}',
    hint: 'make several routes of it, or match fewer',
  },
  MATCH_NEEDS_HTTP: {
    message: 'it looks at requests, and no listener of this route speaks HTTP',
    hint: 'write "http://" in the address of a listener, or leave "host" and "path" out',
  },

  // The access log.
  BAD_LOG_PLACE: {
    message: '{got} is no place for a log',
    hint: 'write "stdout", or an absolute path such as "/var/log/access.log"',
  },
  BAD_TEMPLATE: {
    message: 'the template {reason}',
    hint: 'write values in braces, such as "{example}", and a brace itself twice',
  },
  UNKNOWN_LOG_VALUE: { message: 'there is no value {got} to log', hint: '{meant}' },
  BAD_FIELD_NAME: {
    message: '{got} is no name of a field',
    hint: 'write it like "user-agent"',
  },
  LOG_FIELDS_FORMAT: {
    message: 'only lines of JSON have further fields',
    hint: 'name them in a template, or leave "format" out',
  },
  TOO_MANY_LOG_FIELDS: {
    message: 'it names {count} fields in {bytes} bytes',
    hint: 'name at most {most}, in {mostBytes} bytes',
  },

  // What refers to what.
  NO_LISTENERS: { message: 'there is no listener', hint: 'add one, such as web: "tcp://:8080"' },
  NO_POOLS: { message: 'there is no pool', hint: 'add one with its endpoints, such as ":3001"' },
  NO_ENDPOINTS: { message: 'the list is empty', hint: 'give at least one endpoint, such as ":3001"' },
  NO_ADDRESSES: { message: 'the list is empty', hint: 'give at least one address, such as "10.0.0.7:3001"' },
  NO_NAMES: { message: 'the list is empty', hint: 'name a listener, or leave the field out to match all' },
  UNKNOWN_POOL: { message: 'there is no pool {got}', hint: '{meant}' },
  UNKNOWN_LISTENER: { message: 'there is no listener {got}', hint: '{meant}' },
  UNKNOWN_ALGORITHM: { message: 'there is no algorithm {got}', hint: '{meant}' },
  DUPLICATE_ADDRESS: {
    message: '{address} is the address of {other} as well',
    hint: 'give each listener an address of its own',
  },
  DUPLICATE_ENDPOINT: {
    message: 'the pool has an endpoint {name} already: {other}',
    hint: 'remove one of them, or give it a name of its own, such as "other={written}"',
  },
  ENDPOINT_DISAGREES: {
    message: 'the endpoint {name} has other addresses at {other}',
    hint: 'one name is one endpoint: use the same addresses in the same order, or another name',
  },
  DUPLICATE_ROUTE: {
    message: 'the name {name} is that of {other} as well',
    hint: 'give each route a name of its own',
  },
  ROUTES_MISSING: {
    message: 'is missing, and there are {count} pools to choose from',
    hint: 'say which pool serves connections, such as pool: {pool}',
  },
  LISTENER_UNROUTED: {
    message: 'no route takes the connections of this listener',
    hint: 'add a route for it, or a last one without "match"',
  },
  ROUTE_UNREACHABLE: {
    message: 'nothing ever comes to this route: others take all that it matches',
    hint: 'remove it, or make the others match less',
  },

  // Algorithms that users register.
  ALGORITHM_NOT_FUNCTION: {
    message: '{got} is no function',
    hint: 'register (endpoints, options) => picker',
  },
  ALGORITHM_NAME_TAKEN: {
    message: '{name} is an algorithm of fourseven',
    hint: 'register yours under another name',
  },
  ALGORITHM_THREW: {
    message: 'the algorithm {name} threw: {reason}',
    hint: 'see its options, or the algorithm itself',
  },
  ALGORITHM_WRONG: {
    message: 'the algorithm {name} gave {place}: {reason}',
    hint: 'give what cycle() or least() makes',
  },

  // What the core answers.
  ADDRESS_IN_USE: { message: '{address} is in use by {holder}', hint: 'free it, or listen elsewhere' },
  LISTEN_FAILED: {
    message: 'cannot listen on {address}: {reason}',
    hint: 'see that the address is of this machine and that this user may listen there',
  },
  LOG_FAILED: {
    message: 'cannot write to {reason}',
    hint: 'see that its folder is there and that this user may write there',
  },
  WORKERS_FAILED: { message: '{reason}', hint: 'ask for fewer workers, or raise the limits of the process' },
  PLAN_REFUSED: { message: '{reason}', hint: 'please report this' },
} as const satisfies Record<string, Row>;

/** The stable codes of the errors that fourseven throws. */
export type ErrorCode = keyof typeof ERRORS;

/** The stable codes of the issues that an error lists. */
export type IssueCode = keyof typeof ISSUES;

/** All codes of issues. */
export const ISSUE_CODES = Object.keys(ISSUES) as readonly IssueCode[];

/** One thing that is wrong, where it is, and what to do about it. */
export interface Issue {
  /** Where, as one would write it: `pools.api.endpoints[1]`. Empty for the whole configuration. */
  readonly path: string;
  /** A code that does not change from version to version. */
  readonly code: IssueCode;
  /** What is the case. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** An issue before it is known where. */
export type Finding = Omit<Issue, 'path'>;

/** What a parser answers: a value, or what is wrong with the text. */
export type Parsed<T> = { readonly value: T } | { readonly finding: Finding };

/** What fourseven throws. `code` says what happened, `issues` everything that is wrong. */
export class FoursevenError extends Error {
  /** A code that does not change from version to version. */
  readonly code: ErrorCode;
  /** All that is wrong, at once. Empty when there is nothing to say beyond the message. */
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, detail: { issues?: readonly Issue[]; cause?: unknown } = {}) {
    const { issues = [] } = detail;
    super(
      [message, ...issues.map(sentence)].join('\n  '),
      'cause' in detail ? { cause: detail.cause } : undefined,
    );
    this.name = 'FoursevenError';
    this.code = code;
    this.issues = issues;
  }
}

/** An issue as a line for people. */
export function sentence({ path, message, hint }: Issue): string {
  return `${path === '' ? 'configuration' : path}: ${message} (${hint})`;
}

/** What a value that is wrong is called in a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return Array.isArray(value) ? 'a list' : 'an object';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

/** The error of this code; `values` fill the holes of its row. */
export function failure<C extends ErrorCode>(
  code: C,
  values: Values<(typeof ERRORS)[C]>,
  detail?: { issues?: readonly Issue[]; cause?: unknown },
): FoursevenError {
  const { message, hint } = ERRORS[code];
  return new FoursevenError(code, fill(`${message} ${hint}`, values), detail);
}

/** What is wrong, by the row of this code; `values` fill its holes. */
export function finding<C extends IssueCode>(code: C, values: Values<(typeof ISSUES)[C]>): Finding {
  const { message, hint } = ISSUES[code];
  return { code, message: fill(message, values), hint: fill(hint, values) };
}

/** The issue that `finding` is at `path`. */
export function issue<C extends IssueCode>(path: string, code: C, values: Values<(typeof ISSUES)[C]>): Issue {
  return { path, ...finding(code, values) };
}

/** The error of a configuration that has these issues. */
export function configInvalid(issues: readonly Issue[]): FoursevenError {
  const problems = issues.length === 1 ? '1 problem' : `${issues.length} problems`;
  return failure('CONFIG_INVALID', { problems }, { issues });
}

type Holes<T extends string> = T extends `${string}{${infer Hole}}${infer Rest}` ? Hole | Holes<Rest> : never;

/** A value for each hole of a row. */
type Values<R extends Row> = Readonly<Record<Holes<R['message'] | R['hint']>, string | number>>;

function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}
