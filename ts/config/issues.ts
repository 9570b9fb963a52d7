/** Turns what zod found into issues: our codes, our sentences, one issue for each thing wrong. */

import { describe, type Finding, issue, type Issue } from '../errors.js';
import { type CustomParams, type SchemaIssue, unknownField } from './fields.js';
import { writePath } from './path.js';
import { suggest } from './suggest.js';

/** Where something stands in a configuration. */
type Path = readonly PropertyKey[];

/** The issues of the configuration that `found` amounts to. */
export function issuesOf(found: readonly SchemaIssue[]): Issue[] {
  return found.flatMap((one) => translate(one, []));
}

function translate(found: SchemaIssue, above: Path): Issue[] {
  const at = [...above, ...found.path];
  switch (found.code) {
    case 'invalid_union':
      return translateUnion(found, at);
    case 'invalid_key':
      return found.issues.flatMap((one) => translate(one, at));
    case 'custom':
      return [{ path: writePath(at), ...findingOf(found.params ?? {}, at) }];
    case 'invalid_value': {
      const got = describe(found.input);
      const meant = suggest(String(found.input), found.values.map(String), 'choices');
      return [issue(writePath(at), 'NOT_ONE_OF', { got, meant })];
    }
    case 'invalid_type':
      return [wrongType(found.input, [found.expected], at)];
    default:
      // No schema here can find anything else; should one do so, its own sentence serves.
      return [issue(writePath(at), 'WRONG_TYPE', { got: describe(found.input), hint: found.message })];
  }
}

// Of the ways in which it could be written, the one that was tried is the one whose type fits.
function translateUnion({ errors, input }: SchemaIssue & { code: 'invalid_union' }, at: Path): Issue[] {
  const tried = errors.find((ofOne) => !ofOne.some(isTypeOfWhole));
  if (tried !== undefined) return tried.flatMap((one) => translate(one, at));
  const expected = errors.flatMap((ofOne) => ofOne.filter(isTypeOfWhole)).map((one) => one.expected);
  return [wrongType(input, expected, at)];
}

function isTypeOfWhole(found: SchemaIssue): found is SchemaIssue & { code: 'invalid_type' } {
  return found.code === 'invalid_type' && found.path.length === 0;
}

function wrongType(input: unknown, types: readonly string[], at: Path): Issue {
  const expected = [...new Set(types.map(called))].join(' or ');
  if (input === undefined) return issue(writePath(at), 'MISSING', { expected });
  const hint =
    typeof input === 'function'
      ? 'a configuration is plain data: write a name, and register the function under it'
      : `give ${expected}`;
  return issue(writePath(at), 'WRONG_TYPE', { got: describe(input), hint });
}

function called(type: string): string {
  switch (type) {
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'an object';
    default:
      return type;
  }
}

// What the pieces in fields.ts put into their issues.
function findingOf(params: Record<string, unknown>, at: Path): Finding {
  const given = params as unknown as CustomParams;
  return 'finding' in given ? given.finding : unknownField(String(at.at(-1)), given.unknownAmong);
}
