// The tests in TypeScript. `*.long.test.ts` take minutes and run alone, with `npm run test:long`.
import { defineConfig } from 'vitest/config';

const long = process.env.FOURSEVEN_TESTS === 'long';

export default defineConfig({
  test: {
    include: [long ? '__test__/**/*.long.test.ts' : '__test__/**/*.test.ts'],
    exclude: long ? [] : ['__test__/**/*.long.test.ts'],
    passWithNoTests: long,
    // A process a file: an addon that crashes takes one file down, not the run.
    pool: 'forks',
    testTimeout: long ? 600_000 : 60_000,
    hookTimeout: 60_000,
  },
});
