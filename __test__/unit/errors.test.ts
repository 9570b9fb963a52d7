// What an error says, and where.
import { expect, test } from 'vitest';
import { configInvalid, failure, FoursevenError, issue } from '../../ts/errors.js';

test('an error has a code, its issues, and all of them in its message', () => {
  const issues = [
    issue('listeners', 'NO_LISTENERS', {}),
    issue('routes[0].pool', 'UNKNOWN_POOL', { got: '"apo"', meant: 'did you mean "api"?' }),
  ];
  const error = configInvalid(issues);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'FoursevenError', code: 'CONFIG_INVALID', issues });
  expect(error.message.split('\n')).toEqual([
    'The configuration has 2 problems. Nothing was changed.',
    '  listeners: there is no listener (add one, such as web: "tcp://:8080")',
    '  routes[0].pool: there is no pool "apo" (did you mean "api"?)',
  ]);
});

test('an error keeps its cause, and has none that was not given', () => {
  const cause = new Error('why');
  const values = { platform: 'here', package: '@fourseven/native-x', version: '1.2.3' };
  const error = failure('ADDON_MISSING', values, { cause });
  expect(error.cause).toBe(cause);
  expect(error.message).toContain('npm i @fourseven/native-x@1.2.3');
  expect(new FoursevenError('CLOSED', 'It is closed.')).not.toHaveProperty('cause');
});

test('what fills a hole is not looked through for holes', () => {
  expect(issue('', 'WRONG_TYPE', { got: '{hint}', hint: '$& {got}' })).toMatchObject({
    message: '{hint} does not belong here',
    hint: '$& {got}',
  });
});
