/** What schemas are made of here, beside what zod brings: pieces whose issues have our codes. */

import { z } from 'zod';
import { describe, finding, type Finding, type Parsed } from '../errors.js';
import { parseName } from './name.js';
import { suggest } from './suggest.js';

/** What stands in the issues that the pieces below find. */
export type CustomParams = { readonly finding: Finding } | { readonly unknownAmong: readonly string[] };

/** An object of these fields and no others. Each other field is an issue of its own. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape);
  const unknown = z.unknown().check((context) => {
    // Only the path knows the field's name, so the hint is made where the path is known.
    context.issues.push(custom(context.value, { unknownAmong: names }));
  });
  // zod reports unknown fields of a strict object as one issue, and without the fields there are.
  return z.object(shape).catchall(unknown) as unknown as z.ZodObject<Shape, z.core.$strict>;
}

/** What `schema` accepts, read by `parse`. */
export function readBy<In, Out>(
  schema: z.ZodType<unknown, In>,
  parse: (written: In) => Parsed<Out>,
): z.ZodType<Out, In> {
  return schema.transform((written, context) => {
    const parsed = parse(written as In);
    if ('value' in parsed) return parsed.value;
    context.issues.push(custom(written, { finding: parsed.finding }));
    return z.NEVER;
  });
}

/** A whole number of the range; `what` says what it counts. */
export function parseWhole(
  written: unknown,
  [min, max]: readonly [number, number],
  what: string,
): Parsed<number> {
  const isInRange = Number.isInteger(written) && Number(written) >= min && Number(written) <= max;
  return isInRange
    ? { value: Number(written) }
    : { finding: finding('OUT_OF_RANGE', { got: describe(written), what, min, max }) };
}

/** A name. */
export const name: z.ZodType<string, string> = readBy(z.string(), parseName);

/** Values by name; `whenEmpty` is the issue of there being none. The names are checked elsewhere. */
export function named<Out, In>(
  value: z.ZodType<Out, In>,
  whenEmpty: Finding,
): z.ZodType<Record<string, Out>, Record<string, In>> {
  return z.record(z.string(), value).check((context) => {
    if (Object.keys(context.value).length > 0) return;
    context.issues.push(custom(context.value, { finding: whenEmpty }));
  });
}

/** A list; `whenEmpty` is the issue of its having no entry, where that is one. */
export function list<Out, In>(
  entry: z.ZodType<Out, In>,
  whenEmpty?: Finding,
): z.ZodType<Out[], readonly In[]> {
  const checked = z.array(entry).check((context) => {
    if (whenEmpty === undefined || context.value.length > 0) return;
    context.issues.push(custom(context.value, { finding: whenEmpty }));
  });
  // zod only knows lists that may be written to; what is read here is never written to.
  return checked as unknown as z.ZodType<Out[], readonly In[]>;
}

/** What `schema` reads, unless `wrong` finds something at one of its fields. */
export function unless<Schema extends z.ZodType>(
  schema: Schema,
  wrong: (value: z.output<Schema>) => { readonly at: string; readonly finding: Finding } | null,
): Schema {
  return schema.check((context) => {
    const found = wrong(context.value as z.output<Schema>);
    if (found === null) return;
    context.issues.push({ ...custom(context.value, { finding: found.finding }), path: [found.at] });
  });
}

/** An issue that a schema finds. */
export function custom(input: unknown, params: CustomParams): z.core.$ZodRawIssue<z.core.$ZodIssueCustom> {
  return { code: 'custom', input, params };
}

/** An issue as zod has it. */
export type SchemaIssue = z.core.$ZodIssue;

/** The hint for a field that does not exist. */
export function unknownField(field: string, among: readonly string[]): Finding {
  return finding('UNKNOWN_FIELD', { meant: suggest(field, among, 'fields here') });
}
