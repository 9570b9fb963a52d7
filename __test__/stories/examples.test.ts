// The examples run, say what they promise, and are short.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { script, Script } from '../support/script.js';

const says: Record<string, RegExp> = {
  'access-log.mjs': /^example: GET \/ was 200 from app\nexample: GET \/none was 404 from app\n$/,
  'http-routes.mjs':
    /^(?:\S+: (?:pages|api) has \S+\n){4}other\.example\/: 404 Not Found\nthe pages answered 3 requests\n$/,
  'own-algorithm.mjs': /^big was chosen 6 times, small 2 times\n$/,
  'reload.mjs':
    /^an old connection: old\na new connection: young\nthe old one: old\nrefused: CONFIG_INVALID\n$/,
  'tcp-relay.mjs':
    /^listening on tcp:\S+\n(?:visit \d met (?:ash|birch)\n){4}(?:\w+ was chosen \d times\n){2}$/,
};

test('every example is here', () => {
  expect(readdirSync(at('examples')).toSorted()).toEqual(Object.keys(says));
});

describe.each(Object.entries(says))('%s', (name, pattern) => {
  test('runs to its end', async () => {
    const running = new Script(
      spawn(process.execPath, [at('examples', name)], { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    expect({ ...(await running.ended), output: running.output }).toEqual({
      code: 0,
      signal: null,
      output: expect.stringMatching(pattern),
    });
  });

  test('is shorter than 40 lines', () => {
    expect(readFileSync(at('examples', name), 'utf8').trimEnd().split('\n').length).toBeLessThan(40);
  });
});

test('the example in the documentation of createBalancer runs', async () => {
  const source = readFileSync(at('ts', 'balancer.ts'), 'utf8');
  const [, example = ''] = /\* ```ts\n([^]*?) \* ```/.exec(source) ?? [];
  const lines = example.replaceAll(/^ \* ?/gm, '');
  expect(lines).toContain('createBalancer({');
  const running = script(lines);
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(running.output).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+\n$/);
});
