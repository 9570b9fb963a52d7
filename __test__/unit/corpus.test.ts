// Configurations as data: what they are compiled into, and what is wrong with them.
import { expect, test } from 'vitest';
import { compile } from '../../ts/compile/compile.js';
import { ISSUE_CODES, type Issue } from '../../ts/errors.js';
import { encode } from '../../ts/plan/encode.js';
import wrong from '../corpus/issues.json' with { type: 'json' };
import right from '../corpus/plans.json' with { type: 'json' };
import { issuesOf } from '../support/issues.js';

for (const { name, config, plan, tables } of right) {
  test(`a plan: ${name}`, () => {
    const encoded = encode(compile(config).draft, 1, new Set());
    expect(JSON.parse(new TextDecoder().decode(encoded.json))).toEqual(plan);
    expect(encoded.tables.map((bytes) => [...new Uint32Array(bytes.buffer)])).toEqual(tables);
  });
}

for (const { name, config, issues } of wrong) {
  test(`issues: ${name}`, () => {
    const found = issuesOf(() => compile(config));
    const asked = (issue: Issue, at: number) => {
      const { path, code, hint } = issue;
      return issues[at] !== undefined && 'hint' in issues[at] ? { path, code, hint } : { path, code };
    };
    expect(found.map(asked)).toEqual(issues);
  });
}

test('every code has a case, here or where a configuration cannot be written as data', () => {
  const elsewhere = ['ALGORITHM_NOT_FUNCTION', 'ALGORITHM_NAME_TAKEN', 'ALGORITHM_WRONG', 'TOO_MANY_RULES', 'TOO_MANY_LOG_FIELDS'];
  const ofAnswers = ['ANSWER_TOO_LARGE', 'ANSWER_UNREADABLE'];
  const ofTheCore = ['ADDRESS_IN_USE', 'LISTEN_FAILED', 'WORKERS_FAILED', 'LOG_FAILED', 'PLAN_REFUSED'];
  const cases = wrong.flatMap(({ issues }) => issues.map(({ code }) => code));
  expect(new Set([...cases, ...elsewhere, ...ofAnswers, ...ofTheCore])).toEqual(new Set(ISSUE_CODES));
});
