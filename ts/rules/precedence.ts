/**
 * Which rule comes first, and what is left for the others.
 *
 * The order is that of the Gateway API, as far as it goes here: a rule that names a host goes before
 * one that takes every host; then the longer path goes first; then a rule that names its listeners
 * goes before one that takes those of all; between equals, the first written. The core tries them in
 * this order and the first that matches wins.
 */

/** What a rule takes: what every part of it matches. */
export interface Rule {
  /** The names of the listeners whose connections it takes; `null` takes those of every listener. */
  readonly listeners: readonly string[] | null;
  /** The host that requests are for; `null` is any. */
  readonly host: string | null;
  /** The segments that paths begin with: `/v2`, or `''` for all; `null` does not look at requests. */
  readonly path: string | null;
}

/** As much of a listener as it depends on. */
export interface Door {
  readonly name: string;
  /** Requests come there, and not just bytes. */
  readonly speaksHttp: boolean;
}

/** Whether only requests can match it. */
export function looksAtRequests({ host, path }: Rule): boolean {
  return host !== null || path !== null;
}

/** The listeners whose connections or requests it takes. */
export function doorsOf(rule: Rule, doors: readonly Door[]): Door[] {
  const named = rule.listeners === null ? null : new Set(rule.listeners);
  return doors.filter(({ name, speaksHttp }) => {
    return (named?.has(name) ?? true) && (speaksHttp || !looksAtRequests(rule));
  });
}

/** The rules in the order in which they are tried. */
export function inOrder<R extends Rule>(rules: readonly R[]): R[] {
  // A stable sort, so what was written first stays first.
  return [...rules].sort(
    (one, other) =>
      Number(one.host === null) - Number(other.host === null) ||
      (other.path ?? '').length - (one.path ?? '').length ||
      Number(one.listeners === null) - Number(other.listeners === null),
  );
}

/** What is wrong with a whole set of rules. */
export interface Gaps<R extends Rule> {
  /** Rules to which nothing ever comes. */
  readonly unreachable: readonly R[];
  /** Listeners whose connections no rule takes. Requests that no rule takes are answered with 404. */
  readonly unrouted: readonly string[];
}

/**
 * Follows every listener through the rules, which are `inOrder`.
 *
 * In that order no rule takes all of a later one unless both match the same host and path: one with
 * a shorter path, or for every host, never goes first.
 */
export function findGaps<R extends Rule>(rules: readonly R[], doors: readonly Door[]): Gaps<R> {
  const taken = new Map(doors.map(({ name }) => [name, new Set<string>()]));
  const unreachable = rules.filter((rule) => {
    // No host has a slash, so this says both.
    const matched = `${rule.host ?? ''}${rule.path ?? ''}`;
    const fresh = doorsOf(rule, doors).filter(({ name }) => {
      const there = taken.get(name);
      const isFresh = there !== undefined && !there.has(matched);
      there?.add(matched);
      return isFresh;
    });
    return fresh.length === 0;
  });
  return { unreachable, unrouted: [...taken].filter(([, there]) => there.size === 0).map(([name]) => name) };
}
