/**
 * What it costs to give an endpoint one more connection, as an expression over its live numbers.
 *
 * `inflight.plus(1).times(2)` is built in TypeScript, sent as a short postfix program, and
 * evaluated in Rust whenever an endpoint is chosen.
 */

import type { CostOp } from '../plan/types.js';

/** An expression over the live numbers of an endpoint. It is a value: combining makes a new one. */
export interface Cost {
  /** Its steps: operands are pushed, operators take two and push one. */
  readonly program: readonly CostOp[];
  /** The sum. */
  plus(other: Cost | number): Cost;
  /** The product. */
  times(other: Cost | number): Cost;
  /** The quotient. What is divided by zero is infinite, so such an endpoint comes last. */
  over(other: Cost | number): Cost;
}

/** The connections that are being relayed to the endpoint. */
export const inflight: Cost = cost([{ op: 'inflight' }]);

/** The connections to the endpoint, idle ones too. */
export const open: Cost = cost([{ op: 'open' }]);

/** The same number for each endpoint. */
export function constant(value: number): Cost {
  return cost([{ op: 'number', value }]);
}

function cost(program: readonly CostOp[]): Cost {
  const then = (other: Cost | number, op: CostOp): Cost => {
    const operand = typeof other === 'number' ? constant(other) : other;
    return cost([...program, ...operand.program, op]);
  };
  return Object.freeze({
    program: Object.freeze(program),
    plus: (other) => then(other, { op: 'plus' }),
    times: (other) => then(other, { op: 'times' }),
    over: (other) => then(other, { op: 'over' }),
  } satisfies Cost);
}
