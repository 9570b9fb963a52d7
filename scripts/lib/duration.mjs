// Reads a length of time as people write it: 500ms, 5s, 2m, 1h.
import { Refusal } from './refusal.mjs';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; `option` is who asks, for the refusal. */
export function duration(option, text) {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (!unit) throw new Refusal(`${option} takes a length of time such as 500ms, 5s or 2m, not "${text}".`);
  return Number(amount) * units[unit];
}
