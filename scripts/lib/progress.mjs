// Says what is being done once it takes long, and for how long it has been.
import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';

const patience = 1500;
const every = 10_000;

// The work that speaks: work within it knows better what is going on.
let innermost;

/** Runs `work(hear)`; `hear(line)` is what the work last said, told along with the time. */
export async function during(what, work) {
  const began = performance.now();
  const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`;
  let last = '';
  let said = false;
  const outer = innermost;
  const own = (innermost = Symbol(what));
  const first = setTimeout(() => {
    if (innermost !== own) return;
    console.log(`${what} …`);
    said = true;
  }, patience);
  const again = setInterval(() => {
    if (innermost === own) console.log(`${what} … ${seconds()}${last && `: ${last}`}`);
  }, every);
  try {
    return await work((line) => {
      last = stripVTControlCharacters(line).trim().slice(0, 100) || last;
    });
  } finally {
    innermost = outer;
    clearTimeout(first);
    clearInterval(again);
    if (said) console.log(`${what}: ${seconds()}`);
  }
}
