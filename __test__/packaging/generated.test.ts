// What is generated and committed is what the generator writes now.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultsPage } from '../../scripts/lib/defaults-page.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { DEFAULTS } from '../../ts/config/defaults.js';

test('docs/defaults.md is fresh: otherwise run `npm run generate`', () => {
  expect(readFileSync(at('docs', 'defaults.md'), 'utf8')).toBe(defaultsPage(DEFAULTS));
});
