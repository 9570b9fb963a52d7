// From samples to ratios, and from ratios to whether a target is met.

import { AGAIN_TOLERANCE } from './cases.mjs';
import { AGAIN, OURS } from './contenders.mjs';
import { ratio } from './stats.mjs';

/**
 * @param {Record<string, { cpuNs: number[], units: number[] }>} samples of one case
 * @param {Record<string, number>} targets by peer
 * @returns {{ again: Ratio, sound: boolean, ratios: Record<string, Judged> }}
 * @typedef {{ point: number, low: number, high: number }} Ratio
 * @typedef {Ratio & { target?: number, verdict?: 'met' | 'missed' | 'void' }} Judged
 */
export function judge(samples, targets) {
  const costs = Object.fromEntries(
    Object.entries(samples).map(([name, { cpuNs, units }]) => [
      name,
      cpuNs.map((ns, round) => ns / units[round]),
    ]),
  );
  const again = ratio(costs[OURS], costs[AGAIN]);
  const sound = Math.abs(again.point - 1) <= AGAIN_TOLERANCE;
  const ratios = {};
  for (const name of Object.keys(costs)) {
    if (name === OURS || name === AGAIN) continue;
    const found = ratio(costs[OURS], costs[name]);
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
