/** "Did you mean": the nearest of the names that there are. */

// More than these are not listed in a hint.
const FEW = 10;

/** A hint for a name that does not exist: the nearest one, or all of them when none is near. */
export function suggest(written: string, names: readonly string[], what: string): string {
  const nearest = nearestOf(written, names);
  if (nearest !== null) return `did you mean ${JSON.stringify(nearest)}?`;
  if (names.length === 0) return `there are no ${what}`;
  const [first = '', ...rest] = [...names].sort().map((name) => JSON.stringify(name));
  if (rest.length >= FEW) return `there are ${names.length} ${what}, such as ${first}`;
  const last = rest.pop();
  if (last === undefined) return `there is only ${first}`;
  return `the ${what} are ${[first, ...rest].join(', ')} and ${last}`;
}

// Near is one slip in three letters: "wbe" is "web", "cat" is not "dog".
function nearestOf(written: string, names: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Infinity;
  for (const name of names) {
    const slips = distance(written.toLowerCase(), name.toLowerCase());
    const longer = Math.max(written.length, name.length);
    const allowed = Math.max(1, Math.floor(longer / 3));
    if (slips <= allowed && slips < longer && slips < least) [nearest, least] = [name, slips];
  }
  return nearest;
}

// Insertions, deletions, substitutions and swapped neighbours (optimal string alignment).
function distance(a: string, b: string): number {
  // What is much longer than any name need not be compared to the end.
  if (Math.abs(a.length - b.length) > 20) return Infinity;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const here = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      here[column] = Math.min(
        (above[column] ?? 0) + 1,
        (here[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, above] = [above, here];
  }
  return above[b.length] ?? 0;
}
