// What is wrong with a configuration, according to the error that it gives.
import { FoursevenError, type Issue } from '../../ts/errors.js';

/** The issues of the `CONFIG_INVALID` that this throws. */
export function issuesOf(action: () => unknown): readonly Issue[] {
  try {
    action();
  } catch (error) {
    if (error instanceof FoursevenError && error.code === 'CONFIG_INVALID') return error.issues;
    throw error;
  }
  throw new Error('nothing was wrong with it');
}
