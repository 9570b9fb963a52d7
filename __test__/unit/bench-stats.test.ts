// The statistics behind every figure the benchmark publishes.
import { describe, expect, test } from 'vitest';
import { ADDED_LATENCY } from '../../benches/peers/measures.mjs';
import { ratio, ratioOfMedians, seeded, shuffled } from '../../benches/peers/stats.mjs';
import { judge } from '../../benches/peers/verdict.mjs';

/** Costs that wander, as a noisy machine's do; the same ones each time. */
const theirs = Array.from({ length: 16 }, (_, round) => 100 + 10 * Math.sin(round));

const times = (factor: number) => theirs.map((cost) => cost * factor);

/** One contender's samples whose cost in each round is given. */
const sampled = (costs: number[]) => ({ cpuNs: costs.map((cost) => cost * 1000), units: costs.map(() => 1000) });

/** Costs between 1 and 1.2. */
function noisy(rounds: number) {
  const random = seeded(1);
  return Array.from({ length: rounds }, () => 1 + 0.2 * random());
}

/** What is judged of a run in which ours cost so many times what the floor does. */
function against(ours: number, again: number) {
  return judge(
    { fourseven: sampled(times(ours)), 'fourseven-again': sampled(times(again)), floor: sampled(theirs) },
    { floor: 1.08 },
  );
}

describe('ratio', () => {
  test('equal samples have a ratio of exactly 1, and no doubt', () => {
    expect(ratio(theirs, theirs)).toEqual({ point: 1, low: 1, high: 1 });
  });

  test('noise that both sides share does not widen the interval', () => {
    const { point, low, high } = ratio(times(1.1), theirs);
    for (const end of [point, low, high]) expect(end).toBeCloseTo(1.1, 10);
  });

  test('the interval of known data is that of the normal approximation', () => {
    // Log ratios of ±0.1, half of each: their mean is 0 and its standard error 0.1 / √64.
    const ours = Array.from({ length: 64 }, (_, round) => Math.exp(round % 2 === 0 ? 0.1 : -0.1));
    const { point, low, high } = ratio(ours, ours.map(() => 1));
    expect(point).toBeCloseTo(1, 10);
    expect(low).toBeCloseTo(Math.exp((-1.96 * 0.1) / 8), 2);
    expect(high).toBeCloseTo(Math.exp((1.96 * 0.1) / 8), 2);
  });

  test('more rounds narrow the interval', () => {
    const [few, many] = [16, 256].map((rounds) => {
      const { low, high } = ratio(noisy(rounds), Array.from({ length: rounds }, () => 1));
      return high - low;
    });
    expect(many).toBeLessThan((few ?? 0) / 3);
  });

  test('a ratio and its inverse weigh the same', () => {
    const wild = theirs.map((cost, round) => cost * (1 + (round % 5) / 7));
    expect(ratio(wild, theirs).point * ratio(theirs, wild).point).toBeCloseTo(1, 12);
  });

  test('the same samples always give the same interval, and another seed nearly the same', () => {
    const wild = theirs.map((cost, round) => cost * (1 + (round % 5) / 7));
    expect(ratio(wild, theirs)).toEqual(ratio(wild, theirs));
    const other = ratio(wild, theirs, { seed: 48 });
    expect(other).not.toEqual(ratio(wild, theirs));
    expect(other.high).toBeCloseTo(ratio(wild, theirs).high, 2);
  });

  test.each([
    ['no pairs', [], []],
    ['a sample too few', [1, 2], [1]],
    ['a cost of nothing', [0], [1]],
    ['a cost that is no number', [Number.NaN], [1]],
  ])('%s is refused', (_what, ours: number[], others: number[]) => {
    expect(() => ratio(ours, others)).toThrow(/a ratio needs/);
  });
});

describe('ratioOfMedians', () => {
  test('one odd round changes nothing', () => {
    const odd = theirs.map((cost, round) => (round === 3 ? -1000 : cost));
    const { point, low, high } = ratioOfMedians(times(1.1), theirs);
    expect(point).toBeCloseTo(1.1, 10);
    expect(low).toBeLessThanOrEqual(point);
    expect(high).toBeGreaterThanOrEqual(point);
    expect(ratioOfMedians(odd.map((cost) => cost * 1.1), odd).point).toBeCloseTo(1.1, 1);
  });

  test.each([
    ['no pairs', [], []],
    ['a sample too few', [1, 2], [1]],
    ['a median of nothing', [1, 1, 1], [0, -1, 5]],
    ['a cost that is no number', [Number.NaN], [1]],
  ])('%s is refused', (_what, ours: number[], others: number[]) => {
    expect(() => ratioOfMedians(ours, others)).toThrow(/a ratio needs/);
  });
});

describe('seeded', () => {
  test('the same seed gives the same numbers, all in [0, 1)', () => {
    const [one, two] = [seeded(7), seeded(7)];
    const numbers = Array.from({ length: 1000 }, () => one());
    expect(numbers).toEqual(Array.from({ length: 1000 }, () => two()));
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    expect(numbers.reduce((sum, n) => sum + n) / 1000).toBeCloseTo(0.5, 1);
  });

  test('every order comes about as often as any other', () => {
    const random = seeded(7);
    const counts = new Map<string, number>();
    for (let n = 0; n < 6000; n += 1) {
      const order = shuffled(['a', 'b', 'c'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('judge', () => {
  test('equal processes have an A/A ratio of 1, and the run is sound', () => {
    expect(against(1, 1)).toMatchObject({ again: { point: 1, low: 1, high: 1 }, sound: true });
  });

  test('a target is met when the upper end of the interval is', () => {
    expect(against(1.07, 1.07).ratios.floor).toMatchObject({ target: 1.08, verdict: 'met' });
    expect(against(1.09, 1.09).ratios.floor).toMatchObject({ target: 1.08, verdict: 'missed' });
  });

  test('a point below the target is not enough', () => {
    const wide = times(1).map((cost, round) => cost * (round % 2 === 0 ? 0.8 : 1.3));
    const { ratios } = judge(
      { fourseven: sampled(wide), 'fourseven-again': sampled(wide), floor: sampled(theirs) },
      { floor: 1.08 },
    );
    expect(ratios.floor?.point).toBeLessThan(1.08);
    expect(ratios.floor?.verdict).toBe('missed');
  });

  test('a run whose A/A ratio is more than 2 % off says nothing', () => {
    expect(against(1, 1.03)).toMatchObject({ sound: false, ratios: { floor: { verdict: 'void' } } });
    expect(against(1, 1.015)).toMatchObject({ sound: true, ratios: { floor: { verdict: 'met' } } });
  });

  test('added latency is what a contender has more than nobody in between', () => {
    const latency = (added: number) => ({ p50Us: theirs.map((direct) => direct + added) });
    const samples = { fourseven: latency(8), 'fourseven-again': latency(8), nginx: latency(10), direct: latency(0) };
    const { again, sound, ratios } = judge(samples, { nginx: 0.8 }, ADDED_LATENCY);
    expect(again).toEqual({ point: 1, low: 1, high: 1 });
    expect(sound).toBe(true);
    expect(ratios).toEqual({ nginx: { point: 0.8, low: 0.8, high: 0.8, target: 0.8, verdict: 'met' } });
  });
});
