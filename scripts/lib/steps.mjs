// Runs steps one after another, all of them: one that fails does not hide what the next would say.
import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';
import { during } from './progress.mjs';
import { Refusal } from './refusal.mjs';

/**
 * A step is `{ name, needs?, shows?, does(hear) }`. `does` answers `{ ok, output, passed?, failed?,
 * names? }`: `output` is printed when it is not ok, unless the step `shows` it while it runs; the
 * counts are those of its tests, `names` those of the tests that failed. A step whose `needs`
 * failed is not run.
 */
export async function runSteps(steps) {
  const results = [];
  for (const step of steps) {
    const broken = results.find(({ name, ok }) => !ok && step.needs?.includes(name));
    const result = broken ? notRun(step, broken) : await runStep(step);
    results.push(result);
    say(result);
  }
  return results;
}

async function runStep({ name, does, shows }) {
  const began = performance.now();
  const answer = shows ? await attempt(does) : await during(name, (hear) => attempt(does, hear));
  const seconds = (performance.now() - began) / 1000;
  return { passed: answer.ok ? 1 : 0, failed: answer.ok ? 0 : 1, names: [], shows, ...answer, name, seconds };
}

// What a build refuses to do is the outcome of its step; anything else thrown is a bug of ours.
async function attempt(does, hear) {
  try {
    return await does(hear);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, output: error.message };
    throw error;
  }
}

const notRun = ({ name }, broken) => ({
  name,
  ok: false,
  output: `not run: ${broken.name} failed`,
  passed: 0,
  failed: 1,
  names: [],
  seconds: 0,
});

// Some tools colour their output in CI, terminal or not.
const plain = (text) => (process.stdout.isTTY ? text : stripVTControlCharacters(text));

function say({ name, ok, output, shows, seconds, passed, failed }) {
  if (!ok && !shows) console.log(plain(output.trimEnd()));
  const counts = passed + failed > 1 ? `   ${passed} passed, ${failed} failed` : '';
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(28)} ${seconds.toFixed(1).padStart(7)} s${counts}`);
}
