// Fuzzes crates/wire: libFuzzer over code that counts, on stable Rust, each target for a minute.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cargo } from './cargo.mjs';
import { run } from './children.mjs';
import { at, memory } from './paths.mjs';
import { hostTriple } from './toolchain.mjs';

/** The binaries of crates/wire/fuzz. */
export const targets = ['head', 'framing', 'chunks', 'path'];

const seconds = 60;
// Whoever tries fewer inputs in a minute has not looked.
const least = 100_000;
const crate = at('crates', 'wire', 'fuzz');
// Beside the other builds, which would all be made anew with these flags.
const folder = join(memory, 'fuzz');

// What libFuzzer reads: a counter and a place for each edge, and what is compared with what. `fuzzing`
// is what the crate asks for libFuzzer itself.
const flags = [
  '--cfg=fuzzing',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Cdebug-assertions',
];

/** Fuzzes the targets whose name contains one of these words (all, without words). */
export async function fuzz(words, { skips, hear }) {
  const missing = whyNot();
  if (missing) {
    skips.add('fuzz', missing);
    return { ok: true, output: '', passed: 0 };
  }
  const built = await build(hear);
  if (!built.ok) return built;
  const results = [];
  for (const target of targets.filter((name) => words.length === 0 || words.some((word) => name.includes(word)))) {
    const result = judge(target, await attack(target, hear));
    console.log(result.line);
    results.push(result);
  }
  const failed = results.filter(({ ok }) => !ok);
  return {
    ok: failed.length === 0,
    output: failed.map(({ why }) => why).join('\n'),
    passed: results.length - failed.length,
    failed: failed.length,
    names: failed.map(({ target }) => target),
  };
}

/** Why nothing can be fuzzed here, if so. */
export function whyNot(platform = process.platform, compiler = process.env.CXX ?? 'c++') {
  if (platform === 'win32') return 'libFuzzer is not built on Windows';
  const { status } = spawnSync(compiler, ['--version'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'libFuzzer is C++, and there is no C++ compiler';
}

function build(hear) {
  const env = { RUSTFLAGS: [process.env.RUSTFLAGS, ...flags].filter(Boolean).join(' '), CARGO_INCREMENTAL: '0' };
  return cargo('build', ['--target-dir', folder, '-p', 'fourseven-fuzz', '--bins'], { env, hear });
}

// What it learns is kept, and the next run starts from it.
function attack(target, hear) {
  const [corpus, found] = ['corpus', 'found'].map((name) => join(folder, name, target));
  for (const path of [corpus, found]) mkdirSync(path, { recursive: true });
  const args = [`-max_total_time=${seconds}`, '-timeout=10', '-max_len=1500', '-print_final_stats=1'];
  args.push(`-dict=${join(crate, 'http.dict')}`, `-artifact_prefix=${join(found, '/')}`);
  const binary = join(folder, hostTriple(), 'quick', target);
  return run(binary, [...args, corpus, join(crate, 'seeds', target)], { hear });
}

/** What a run of a target says: its line, and why it failed if it did. */
export function judge(target, { ok, output }) {
  const executions = Number(/^stat::number_of_executed_units:\s*(\d+)/m.exec(output)?.[1] ?? 0);
  const covered = Number([...output.matchAll(/\bcov: (\d+)/g)].at(-1)?.[1] ?? 0);
  const line = `${target}: ${executions} executions, ${covered} covered`;
  if (!ok) return { target, ok, line, why: `${line}\n${finding(target, output)}` };
  if (executions >= least && covered > 0) return { target, ok, line };
  return { target, ok: false, line, why: `${line}: it has to be ${least} executions, and some coverage.` };
}

// From the panic on, and how to see it again without libFuzzer.
function finding(target, output) {
  const panic = output.search(/^thread .* panicked at|^==\d+== ?ERROR/m);
  const said = panic < 0 ? output.slice(-4000) : output.slice(panic, panic + 4000);
  const file = /Test unit written to (.+)/.exec(output)?.[1];
  return file ? `${said}\nSee it again: cargo run -p fourseven-fuzz --bin ${target} -- ${file}` : said;
}
