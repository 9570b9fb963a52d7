// Drafts to bytes.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Draft, type DraftPicker, encode } from '../../ts/plan/encode.js';

function draft(...pickers: DraftPicker[]): Draft {
  return {
    engine: { workers: null, portable: false, drain: 1, leave: 1, retryAfter: 1 },
    accessLog: null,
    listeners: [],
    rules: [],
    routes: [],
    pools: pickers.map((picker, at) => ({
      key: `p${at}`,
      endpoints: [],
      picker,
      reuse: { idle: 1, age: null, requests: null, most: 1 },
      budget: { percent: 0, reserve: 0 },
    })),
    endpoints: [],
  };
}

const parsed = ({ json }: { json: Uint8Array }) => JSON.parse(new TextDecoder().decode(json));

test('a table is named by the hash of its little-endian bytes', () => {
  const encoded = encode(draft({ kind: 'cycle', table: [1, 0x01020304] }), 7, new Set());
  const bytes = Uint8Array.from([1, 0, 0, 0, 4, 3, 2, 1]);
  const name = createHash('sha256').update(bytes).digest('hex');
  expect(encoded.tables).toEqual([bytes]);
  expect(encoded.names).toEqual(new Set([name]));
  expect(parsed(encoded)).toMatchObject({
    format: 1,
    version: 7,
    pools: [{ picker: { kind: 'cycle', table: name } }],
  });
});

test('equal tables travel once, and those that the core holds not at all', () => {
  const pickers: DraftPicker[] = [
    { kind: 'cycle', table: [0, 1] },
    { kind: 'cycle', table: new Uint32Array([0, 1]) },
    { kind: 'cycle', table: [1, 0] },
  ];
  const first = encode(draft(...pickers), 1, new Set());
  expect(first.tables).toHaveLength(2);
  const again = encode(draft(...pickers), 2, first.names);
  expect(again.tables).toEqual([]);
  expect(again.names).toEqual(first.names);
  const [held = ''] = first.names;
  expect(encode(draft(...pickers), 3, new Set([held])).tables).toHaveLength(1);
});

test('what was encoded does not change when the table is changed afterwards', () => {
  const table = new Uint32Array([3]);
  const { tables } = encode(draft({ kind: 'cycle', table }), 1, new Set());
  table[0] = 4;
  expect(tables[0]?.[0]).toBe(3);
});

test('the fields of the plan are those of the plan, in their order', () => {
  const odd = { ...draft({ kind: 'least', cost: [{ op: 'open' }], choices: 2 }), more: 1 };
  expect(Object.keys(parsed(encode(odd, 1, new Set())))).toEqual([
    'format',
    'version',
    'engine',
    'accessLog',
    'listeners',
    'rules',
    'routes',
    'pools',
    'endpoints',
  ]);
});
