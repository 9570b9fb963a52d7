/**
 * Which rule comes first, and what is left for the others.
 *
 * A rule that names its listeners goes before one that takes those of all; between equals, the
 * first written goes first. The core tries them in this order and the first that matches wins.
 */

/** As much of a route as its precedence depends on. */
export interface Rule {
  /** The names of the listeners whose connections it takes; `null` takes those of every listener. */
  readonly listeners: readonly string[] | null;
}

/** The rules in the order in which they are tried. */
export function inOrder<R extends Rule>(rules: readonly R[]): R[] {
  // A stable sort, so what was written first stays first.
  return [...rules].sort((one, other) => Number(one.listeners === null) - Number(other.listeners === null));
}

/** What is wrong with a whole set of rules. */
export interface Gaps<R extends Rule> {
  /** Rules to which nothing ever comes. */
  readonly unreachable: readonly R[];
  /** Listeners whose connections no rule takes. */
  readonly unrouted: readonly string[];
}

/** Follows every listener through the rules, which are `inOrder`. */
export function findGaps<R extends Rule>(rules: readonly R[], listeners: readonly string[]): Gaps<R> {
  const left = new Set(listeners);
  const unreachable = rules.filter((rule) => {
    const taken = (rule.listeners ?? listeners).filter((listener) => left.delete(listener));
    return taken.length === 0;
  });
  return { unreachable, unrouted: [...left] };
}
