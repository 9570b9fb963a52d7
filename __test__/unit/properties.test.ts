// What holds for every configuration.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { encode } from '../../ts/plan/encode.js';
import { FoursevenError } from '../../ts/errors.js';
import { configs, reordered } from '../support/configs.js';

const planOf = (config: unknown) =>
  new TextDecoder().decode(encode(compile(config).draft, 1, new Set()).json);

test('what the grammar says is right compiles, and its positions point at something', () => {
  fc.assert(
    fc.property(configs, (config) => {
      const { draft } = compile(config);
      for (const { pool } of draft.routes) expect(draft.pools[pool]).toBeDefined();
      for (const { listeners, route } of draft.rules) {
        expect(draft.routes[route]).toBeDefined();
        for (const listener of listeners ?? []) expect(draft.listeners[listener]).toBeDefined();
      }
      // Each route is taken by something, or it would not have compiled.
      expect(new Set(draft.rules.map(({ route }) => route)).size).toBe(draft.routes.length);
      for (const { endpoints } of draft.pools) {
        expect(endpoints.every((endpoint) => draft.endpoints[endpoint])).toBe(true);
        expect(new Set(endpoints).size).toBe(endpoints.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('equal configurations are equal plans, byte for byte, in whatever order they were written', () => {
  fc.assert(
    fc.property(configs, (config) => {
      expect(planOf(reordered(config))).toBe(planOf(config));
      expect(planOf(structuredClone(config))).toBe(planOf(config));
    }),
    { numRuns: 300 },
  );
});

test('whatever is written compiles or is CONFIG_INVALID', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.jsonValue()), (written) => {
      expect(outcome(written)).toMatch(/^(compiled|CONFIG_INVALID)$/);
    }),
    { numRuns: 1000 },
  );
});

test('a right configuration in which one value is changed compiles or is CONFIG_INVALID', () => {
  fc.assert(
    fc.property(configs, fc.nat(), fc.anything(), (config, at, value) => {
      expect(outcome(changed(config, at, value))).toMatch(/^(compiled|CONFIG_INVALID)$/);
    }),
    { numRuns: 1000 },
  );
});

function outcome(written: unknown): string {
  try {
    compile(written);
    return 'compiled';
  } catch (error) {
    if (!(error instanceof FoursevenError)) throw error;
    const holes = /undefined\)|\{\w+\}|\[object/.exec(error.message.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''));
    return error.issues.length === 0 || holes !== null ? `badly said: ${error.message}` : error.code;
  }
}

/** A copy with another value at one of its places. */
function changed(config: object, at: number, value: unknown): unknown {
  const copy = structuredClone(config) as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (inside: Record<string, unknown>): void => {
    for (const [field, below] of Object.entries(inside)) {
      places.push([inside, field]);
      if (typeof below === 'object' && below !== null) walk(below as Record<string, unknown>);
    }
  };
  walk(copy);
  const [inside, field] = places[at % places.length] ?? [copy, 'listeners'];
  inside[field] = value;
  return copy;
}
