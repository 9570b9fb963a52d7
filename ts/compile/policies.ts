/** Fills in what was left out: what a route says, else what holds for all, else the default. */

import { DEFAULTS } from '../config/defaults.js';
import { UNIX } from '../config/network.js';
import type {
  Listener,
  OwnAnswer,
  ReadConfig,
  Route,
  SomeConnections,
  SomePaths,
  SomeRetries,
} from '../config/pieces.js';
import type {
  Answer,
  Forward,
  HttpPolicy,
  PathPolicy,
  Protocol,
  RetryBudget,
  Reuse,
  Timeouts,
} from '../plan/types.js';
import { type Texts, textOf } from './files.js';

/** What is spoken on a listener, with its settings. */
export function protocolFor({ protocol, http }: Listener, texts: Texts): Protocol {
  if (protocol === 'tcp') return { kind: 'tcp' };
  return {
    kind: 'http',
    head: given(http.head, DEFAULTS['listeners.*.http.timeouts.head'].value),
    keepAlive: given(http.keepAlive, DEFAULTS['listeners.*.http.timeouts.keepAlive'].value),
    heads: {
      line: given(http.line, DEFAULTS['listeners.*.http.limits.line'].value),
      fields: given(http.fields, DEFAULTS['listeners.*.http.limits.fields'].value),
      count: given(http.count, DEFAULTS['listeners.*.http.limits.count'].value),
    },
    trust: {
      networks: (http.trust ?? []).filter((network) => network !== UNIX),
      unix: http.trust?.includes(UNIX) ?? false,
    },
    underscores: given(http.underscores, DEFAULTS['listeners.*.http.underscores'].value),
    hops: given(http.hops, DEFAULTS['listeners.*.http.limits.hops'].value),
    answers: answersOf(http.answers ?? [], texts),
    proxyStatus: given(http.proxyStatus, DEFAULTS['listeners.*.http.proxyStatus'].value),
    mergeSlashes: given(http.mergeSlashes, DEFAULTS['listeners.*.http.mergeSlashes'].value),
  };
}

/** How long the steps of a route's connections may take. */
export function timeoutsFor({ timeouts: own }: Route, { timeouts: all }: ReadConfig): Timeouts {
  return {
    connect: given(own.connect, all.connect, DEFAULTS['timeouts.connect'].value),
    idle: given(own.idle, all.idle, DEFAULTS['timeouts.idle'].value),
    halfClose: given(own.halfClose, all.halfClose, DEFAULTS['timeouts.halfClose'].value),
  };
}

/** What holds for a route's requests. */
export function httpFor(route: Route, config: ReadConfig, texts: Texts): HttpPolicy {
  const { timeouts: own, limits: ownLimits, tries, answers, proxyStatus, trace } = route;
  const { timeouts: all, limits: allLimits } = config;
  return {
    body: given(own.body, all.body, DEFAULTS['timeouts.body'].value),
    bodyRate: given(ownLimits.bodyRate, allLimits.bodyRate, DEFAULTS['limits.bodyRate'].value),
    firstByte: given(own.firstByte, all.firstByte, DEFAULTS['timeouts.firstByte'].value),
    response: given(own.response, all.response, DEFAULTS['timeouts.response'].value),
    attempt: given(own.try, all.try, orNull(DEFAULTS['timeouts.try'].value)),
    total: given(own.total, all.total, orNull(DEFAULTS['timeouts.total'].value)),
    tunnel: given(own.tunnel, all.tunnel, orNull(DEFAULTS['timeouts.tunnel'].value)),
    mostBody: given(ownLimits.body, allLimits.body, orNull(DEFAULTS['limits.body'].value)),
    tries,
    forward: forwardFor(route, config),
    answers: answersOf(answers, texts),
    proxyStatus,
    trace,
    paths: pathsFor(route.pathPolicy),
  };
}

/** What the paths of a route's requests may have, and in which form they go on. */
function pathsFor(own: SomePaths): PathPolicy {
  return {
    encodedSlash: given(own.encodedSlash, DEFAULTS['routes.*.paths.encodedSlash'].value),
    encodedBackslash: given(own.encodedBackslash, DEFAULTS['routes.*.paths.encodedBackslash'].value),
    encodedPercent: given(own.encodedPercent, DEFAULTS['routes.*.paths.encodedPercent'].value),
    backslash: given(own.backslash, DEFAULTS['routes.*.paths.backslash'].value),
    semicolon: given(own.semicolon, DEFAULTS['routes.*.paths.semicolon'].value),
    form: given(own.form, DEFAULTS['routes.*.paths.form'].value),
  };
}

/** What the endpoints of a route are told. */
function forwardFor({ forward: own }: Route, { forward: all }: ReadConfig): Forward {
  return {
    via: given(own.via, all.via, DEFAULTS['forward.via'].value),
    forwarded: given(own.forwarded, all.forwarded, DEFAULTS['forward.forwarded'].value),
    realIp: given(own.realIp, all.realIp, DEFAULTS['forward.realIp'].value),
    requestId: given(own.requestId, all.requestId, DEFAULTS['forward.requestId'].value),
    host: given<string | null>(own.host, all.host, null),
  };
}

function answersOf(answers: readonly OwnAnswer[], texts: Texts): Answer[] {
  return answers.map(({ status, type, words }) => ({ status, contentType: type, body: textOf(words, texts) }));
}

/** How long connections to the endpoints of a pool are used again. */
export function reuseFor({ idle, age, requests, most }: SomeConnections): Reuse {
  return {
    idle: given(idle, DEFAULTS['pools.*.connections.idle'].value),
    age: given(age, orNull(DEFAULTS['pools.*.connections.age'].value)),
    requests: given(requests, orNull(DEFAULTS['pools.*.connections.requests'].value)),
    most: given(most, DEFAULTS['pools.*.connections.most'].value),
  };
}

/** How many requests of a pool may be sent again. */
export function budgetFor({ percent, reserve }: SomeRetries): RetryBudget {
  return {
    percent: given(percent, DEFAULTS['pools.*.retries.percent'].value),
    reserve: given(reserve, DEFAULTS['pools.*.retries.reserve'].value),
  };
}

// The first that was said; `null` was said, too.
function given<T>(...said: readonly [...(T | undefined)[], T]): T {
  return said.find((one) => one !== undefined) as T;
}

// What users write as `false` is `null` in a plan.
function orNull(value: number | false): number | null {
  return value === false ? null : value;
}
