// What `import … from 'fourseven'` gives.
import { expect, test } from 'vitest';
import * as face from '../../ts/index.js';

test('the names that are exported, of which each is a promise to keep', () => {
  expect(Object.keys(face).toSorted()).toEqual([
    'Balancer',
    'FoursevenError',
    'constant',
    'createBalancer',
    'cycle',
    'inflight',
    'least',
    'open',
  ]);
});

test('importing loads no addon and starts nothing', () => {
  // Else a file of configuration, or a test of an algorithm, would need the addon.
  expect(process.listeners('exit').some((listener) => String(listener).includes('shutdown'))).toBe(false);
});

test('Node has what `await using` asks for, so nothing is filled in', () => {
  expect(typeof Symbol.asyncDispose).toBe('symbol');
  expect(face.Balancer.prototype[Symbol.asyncDispose]).toBeTypeOf('function');
});
