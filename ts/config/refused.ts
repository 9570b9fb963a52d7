/**
 * Beginnings of paths that a route takes only to refuse them: they have what its policy refuses.
 */

import { describe, finding, type Finding } from '../errors.js';
import { DEFAULTS } from './defaults.js';
import type { SomePaths } from './pieces.js';

/** What is wrong with a prefix on a route with this policy; `null` when nothing is. */
export function refusedPrefix(prefix: string, policy: SomePaths): Finding | null {
  const slash = policy.encodedSlash ?? DEFAULTS['routes.*.paths.encodedSlash'].value;
  const backslash = policy.backslash ?? DEFAULTS['routes.*.paths.backslash'].value;
  const encodedBackslash = policy.encodedBackslash ?? DEFAULTS['routes.*.paths.encodedBackslash'].value;
  const percent = policy.encodedPercent ?? DEFAULTS['routes.*.paths.encodedPercent'].value;
  const semicolon = policy.semicolon ?? DEFAULTS['routes.*.paths.semicolon'].value;
  // Where it is decoded, no path has it when it is compared.
  if (slash !== 'keep' && prefix.includes('%2F')) return refused(prefix, '%2F', 'encodedSlash');
  if (backslash === 'reject' && prefix.includes('\\')) return refused(prefix, '\\', 'backslash');
  if (encodedBackslash === 'reject' && prefix.includes('%5C')) {
    return refused(prefix, '%5C', 'encodedBackslash');
  }
  if (percent === 'reject' && prefix.includes('%25')) return refused(prefix, '%25', 'encodedPercent');
  const wrong = semicolon === 'reject' ? /;|\/\.\.?%3B/ : /\/(\.\.?)?;|\/\.\.?%3B/;
  if (semicolon !== 'keep' && wrong.test(prefix)) return refused(prefix, ';', 'semicolon');
  return null;
}

function refused(prefix: string, what: string, field: keyof SomePaths): Finding {
  return finding('PREFIX_REFUSED', { got: describe(prefix), what: describe(what), field });
}
