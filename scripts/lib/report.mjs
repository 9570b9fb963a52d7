// The end of `npm test`: what failed and what was skipped, by name, then one line of counts.

/** Prints the report; answers the exit code. */
export function report(results, skips) {
  const failures = results.filter(({ ok }) => !ok);
  const skipped = skips.list();
  const unexpected = process.env.CI ? skipped.filter(({ name }) => !skips.allowed().has(name)) : [];

  list('skipped', skipped.map(({ name, reason }) => `${name}: ${reason}`));
  list('failed', failures.flatMap(({ name, names }) => [name, ...names.map((test) => `  ${test}`)]));
  list('skipped, and not named in __test__/skips.txt', unexpected.map(({ name }) => name));

  const sum = (what) => results.reduce((all, result) => all + result[what], 0);
  const seconds = Math.round(sum('seconds'));
  const failed = sum('failed') + unexpected.length;
  console.log(`\n${sum('passed')} passed, ${failed} failed, ${skipped.length} skipped in ${seconds} s`);
  return failed > 0 ? 1 : 0;
}

function list(title, lines) {
  if (lines.length === 0) return;
  console.log(`\n${title}:`);
  for (const line of lines) console.log(`  ${line}`);
}
