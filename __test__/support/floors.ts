// The floors of the house: a room uses only rooms of floors below it. The checker, for both languages.
import { posix } from 'node:path';

/** The floor of each room. */
export type Floors = Readonly<Record<string, number>>;

/** Files by their path, with their text. */
export type Files = Readonly<Record<string, string>>;

// === TypeScript ===

/** What breaks the rules in these files, whose paths start in `ts/`; one sentence each. */
export function brokenImports(files: Files, floors: Floors): string[] {
  const uses = Object.entries(files).flatMap(([file, text]) => importsOf(text).map((to) => ({ file, to })));
  const unknown = Object.keys(files).filter((file) => floors[roomOf(file)] === undefined);
  return [
    ...unknown.map((file) => `${file} is in a room without a floor`),
    ...uses.flatMap(({ file, to }) => brokenImport(file, to, floors) ?? []),
    ...circles(files),
  ];
}

function brokenImport(file: string, to: string, floors: Floors): string | null {
  if (to === COMPUTED) return `${file} imports what cannot be told before it runs`;
  if (!to.startsWith('.')) return null;
  const target = resolve(file, to);
  const [from, room] = [roomOf(file), roomOf(target)];
  if (target.startsWith('..')) return `${file} leaves ts/ for ${to}`;
  if (from === room) return null;
  const [own, other] = [floors[from], floors[room]];
  if (own === undefined || other === undefined) return `${file} imports ${to}, a room without a floor`;
  return other < own ? null : `${file} (floor ${own}) imports ${target} (floor ${other})`;
}

/** A file at the top of ts/ is a room of its own; the others are in the room of their folder. */
function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function resolve(file: string, to: string): string {
  return posix.join(posix.dirname(file), to).replace(/\.js$/, '.ts');
}

/** Stands for a specifier that is not written out. */
export const COMPUTED = '(computed)';

// Comments, templates and plain strings are stepped over, so that what stands in them is not taken
// for an import. An import is a string after `from`, `import`, `import(` or `require(`.
const TOKENS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|\b(?:from|import)\s*(?<plain>'[^'\n]*'|"[^"\n]*")|\b(?:import|require)\s*\(\s*(?:(?<called>'[^'\n]*'|"[^"\n]*")|(?<computed>[^\s'")]))|`(?:\\[\s\S]|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;

/** What a TypeScript file imports: also types, re-exports, `import()` and `require()`. */
export function importsOf(text: string): string[] {
  const found: string[] = [];
  for (const { groups } of text.matchAll(TOKENS)) {
    const written = groups?.['plain'] ?? groups?.['called'];
    if (written !== undefined) found.push(written.slice(1, -1));
    else if (groups?.['computed'] !== undefined) found.push(COMPUTED);
  }
  return found;
}

function circles(files: Files): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      found.push(`imports go in a circle: ${[...trail.slice(trail.indexOf(file)), file].join(', ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const to of importsOf(files[file] ?? '')) {
      if (to.startsWith('.')) walk(resolve(file, to), [...trail, file]);
    }
    done.add(file);
  };
  for (const file of Object.keys(files)) walk(file, []);
  return found;
}

// === Rust ===

/** What breaks the rules in these crates, by folder name with the text of their Cargo.toml. */
export function brokenDependencies(
  manifests: Files,
  floors: Floors,
  without: Readonly<Record<string, string[]>>,
): string[] {
  return Object.entries(manifests).flatMap(([crate, text]) => {
    const own = floors[crate];
    if (own === undefined) return [`crates/${crate} has no floor`];
    return dependenciesOf(text).flatMap((name) => {
      if (without[crate]?.includes(name)) return [`crates/${crate} may not need ${name}`];
      const room = /^fourseven-(.+)$/.exec(name)?.[1];
      // A crate names itself to ask for a feature in its own tests.
      if (room === undefined || room === crate) return [];
      const other = floors[room];
      if (other === undefined) return [`crates/${crate} needs ${name}, which has no floor`];
      return other < own ? [] : [`crates/${crate} (floor ${own}) needs crates/${room} (floor ${other})`];
    });
  });
}

/** The packages that a Cargo.toml depends on, of every kind and for every target. */
export function dependenciesOf(manifest: string): string[] {
  const found: string[] = [];
  let inside = false;
  for (const line of manifest.split('\n').map((line) => line.trim())) {
    const [, section] = /^\[+([^\]]+)\]+/.exec(line) ?? [];
    if (section !== undefined) {
      const [, single] =
        /(?:^|\.)(?:dev-|build-)?dependencies(?:\.(.+))?$/.exec(section.replaceAll(/"|'/g, '')) ?? [];
      inside = /(?:^|\.)(?:dev-|build-)?dependencies$/.test(section);
      if (single !== undefined) found.push(single);
    } else if (inside) {
      const [, key, value = ''] = /^"?([\w-]+)"?(?:\.\w+)?\s*=\s*(.*)$/.exec(line) ?? [];
      // The key may be an alias, and the package stands behind it.
      if (key !== undefined) found.push(/package\s*=\s*"([^"]+)"/.exec(value)?.[1] ?? key);
    } else {
      const [, renamed] = /^package\s*=\s*"([^"]+)"/.exec(line) ?? [];
      if (renamed !== undefined) found.push(renamed);
    }
  }
  return found;
}
