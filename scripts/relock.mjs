// `npm run relock`: writes package-lock.json anew, so that `npm ci` of npm 10 and 11 accepts it.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './lib/children.mjs';
import { at } from './lib/paths.mjs';
import { during } from './lib/progress.mjs';
import { Refusal, refusing } from './lib/refusal.mjs';
import { listen } from './lib/signals.mjs';

// Older npm leaves out what newer ones ask for, and newer npm what older ones ask for; so does this
// one itself when it finds a lock file or packages to start from. Hence an empty folder.
const writer = 'npm@11.6.2';
const readers = ['npm@10.8.2', writer, 'npm@11.19.1'];

listen();
await refusing(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fourseven-lock-'));
  try {
    for (const name of ['package.json', '.npmrc']) copyFileSync(at(name), join(folder, name));
    await using(folder, writer, ['install', '--package-lock-only']);
    for (const npm of readers) await using(folder, npm, ['ci', '--dry-run', '--include=dev']);
    copyFileSync(join(folder, 'package-lock.json'), at('package-lock.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return 0;
});

async function using(cwd, npm, args) {
  const npx = process.platform === 'win32' ? ['cmd', '/c', 'npx'] : ['npx'];
  const [command, ...first] = [...npx, '--yes', npm, ...args, '--no-audit', '--no-fund'];
  const { ok, output } = await during(`${npm} ${args.join(' ')}`, () => run(command, first, { cwd }));
  if (!ok) throw new Refusal(`${output}package-lock.json is left as it was.`);
}
