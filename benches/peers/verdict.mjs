// From samples to ratios, and from ratios to whether a target is met.

import { CPU } from './measures.mjs';
import { AGAIN, DIRECT, OURS } from './names.mjs';

/**
 * @param {Record<string, Record<string, number[]>>} samples of one case: by contender, then by what
 *   was measured, in each round
 * @param {Record<string, number>} targets by peer
 * @param {import('./measures.mjs').Measure} measure what is compared
 * @returns {{ again: Ratio, sound: boolean, ratios: Record<string, Judged> }}
 * @typedef {{ point: number, low: number, high: number }} Ratio
 * @typedef {Ratio & { target?: number, verdict?: 'met' | 'missed' | 'void' }} Judged
 */
export function judge(samples, targets, measure = CPU) {
  const beside = (name) => measure.ratio(measure.costs(samples, OURS), measure.costs(samples, name));
  const again = beside(AGAIN);
  const sound = Math.abs(again.point - 1) <= measure.tolerance;
  const ratios = {};
  for (const name of Object.keys(samples)) {
    if ([OURS, AGAIN, DIRECT].includes(name)) continue;
    const found = beside(name);
    const target = targets[name];
    ratios[name] = rounded(found);
    if (target !== undefined) {
      Object.assign(ratios[name], { target, verdict: verdict(found, target, sound) });
    }
  }
  return { again: rounded(again), sound, ratios };
}

/** Digits beyond the noise say nothing and make a diff long. The samples have all of them. */
function rounded(found) {
  return Object.fromEntries(Object.entries(found).map(([key, n]) => [key, Number(n.toFixed(4))]));
}

/** `void` when the method was off today, whatever the ratio says. */
function verdict(found, target, sound) {
  if (!sound) return 'void';
  return found.high <= target ? 'met' : 'missed';
}
