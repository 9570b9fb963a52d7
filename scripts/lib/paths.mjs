// Where things are: the root of the work tree, and the folder of what the scripts remember.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A path inside the work tree. */
export const at = (...parts) => join(root, ...parts);

// Beside what cargo makes and not in node_modules: `npm ci` empties that while the lock is held.
export const memory = at('target', 'fourseven');
