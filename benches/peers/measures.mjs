// What is compared: CPU time, or the latency that a contender adds.

import { DIRECT } from './names.mjs';
import { ratio, ratioOfMedians } from './stats.mjs';

/**
 * What each costs in each round, how two of them are compared, and by how much two runs of the same
 * thing may differ before the run says nothing.
 *
 * @typedef {object} Measure
 * @property {(samples: Record<string, object>, name: string) => number[]} costs by round
 * @property {(ours: number[], theirs: number[]) => { point: number, low: number, high: number }} ratio
 * @property {number} tolerance
 */

/** @type {Measure} CPU time for each unit of work, compared within each round. */
export const CPU = {
  costs: (samples, name) => samples[name].cpuNs.map((ns, round) => ns / samples[name].units[round]),
  ratio,
  tolerance: 0.02,
};

/**
 * @type {Measure} The median latency through a contender less the one without it in the same round.
 * A difference may be off by much in one round, and even below zero, so that medians over all rounds
 * are compared. Latency is not as steady as CPU time: hence the wider tolerance.
 */
export const ADDED_LATENCY = {
  costs: (samples, name) => samples[name].p50Us.map((us, round) => us - samples[DIRECT].p50Us[round]),
  ratio: ratioOfMedians,
  tolerance: 0.05,
};
