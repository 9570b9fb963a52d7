// The statistics of paired slices: a mean log ratio, and how far it could be off.

/**
 * A small random generator with a seed (mulberry32), so that a run can be repeated.
 *
 * @param {number} seed
 * @returns {() => number} the next number in [0, 1)
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A new array in random order (Fisher and Yates). */
export function shuffled(items, random) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

export function mean(numbers) {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How often the interval is drawn again; at 10 000 its ends move by less than we print. */
const RESAMPLES = 10_000;

/** Fixed, so that the same samples always give the same interval. */
const BOOTSTRAP_SEED = 47;

/**
 * The ratio ours / theirs over rounds, each round being a pair measured within seconds: the mean of
 * the log ratios (a round in which both were slow changes nothing, and a ratio and its inverse
 * weigh the same), with a 95 % bootstrap interval over the rounds.
 *
 * @param {number[]} ours cost per unit in each round
 * @param {number[]} theirs the same rounds, in the same order
 * @returns {{ point: number, low: number, high: number }}
 */
export function ratio(ours, theirs, { seed = BOOTSTRAP_SEED, resamples = RESAMPLES } = {}) {
  if (ours.length !== theirs.length || ours.length === 0) {
    throw new Error(`a ratio needs pairs, not ${ours.length} and ${theirs.length} samples`);
  }
  const logs = ours.map((our, round) => Math.log(our / theirs[round]));
  if (!logs.every(Number.isFinite)) throw new Error('a ratio needs costs above zero');
  return interval(logs.length, (rounds) => Math.exp(mean(rounds.map((round) => logs[round]))), { seed, resamples });
}

/** In place of infinity, which JSON does not have. */
const ENDLESS = 1_000;

/**
 * The ratio of two medians over rounds, with the same kind of interval. For costs that are
 * differences: one of them may be below zero, while the medians must not be.
 *
 * @param {number[]} ours
 * @param {number[]} theirs the same rounds, in the same order
 */
export function ratioOfMedians(ours, theirs, { seed = BOOTSTRAP_SEED, resamples = RESAMPLES } = {}) {
  if (ours.length !== theirs.length || ours.length === 0) {
    throw new Error(`a ratio needs pairs, not ${ours.length} and ${theirs.length} samples`);
  }
  if (!(median(ours) > 0 && median(theirs) > 0)) throw new Error('a ratio needs costs above zero');
  const of = (rounds) => {
    const [our, their] = [ours, theirs].map((costs) => median(rounds.map((round) => costs[round])));
    // Theirs may be nothing in a draw of odd rounds, and what that says is at our expense.
    return their > 0 ? our / their : ENDLESS;
  };
  return interval(ours.length, of, { seed, resamples });
}

/** A statistic of all rounds, and between what it lies when rounds are drawn again. */
function interval(length, of, { seed, resamples }) {
  const random = seeded(seed);
  const draw = () => of(Array.from({ length }, () => Math.floor(random() * length)));
  const found = Array.from({ length: resamples }, draw).toSorted((a, b) => a - b);
  const at = (share) => found[Math.round(share * (resamples - 1))];
  return { point: of(Array.from({ length }, (_, round) => round)), low: at(0.025), high: at(0.975) };
}
