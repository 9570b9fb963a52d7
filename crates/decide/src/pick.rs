//! Which endpoint of a pool takes a connection.

use std::cell::Cell;

use fastrand::Rng;
use plan::CostOp;
use world::Picker;

use crate::cost::{Numbers, cost};

/// How often a draw is repeated when it hits an endpoint that may not be chosen, before the
/// endpoints that may be are counted.
const DRAWS: usize = 8;

/// Where a worker's walk through a pool stands.
#[derive(Debug, Default)]
pub struct Cursor(Cell<u32>);

impl Cursor {
    /// Worker number `worker` starts somewhere else than the others in a table of `length`.
    pub fn start(worker: u32, length: usize) -> Self {
        // The golden ratio spreads any number of workers evenly over the table.
        let part = worker.wrapping_mul(0x9E37_79B9);
        Self(Cell::new(((u64::from(part) * length as u64) >> 32) as u32))
    }

    fn next(&self, length: u32) -> u32 {
        let at = self.0.get() % length;
        self.0.set((at + 1) % length);
        at
    }
}

/// The endpoints of a pool, as a picker sees them: by their position in the pool.
pub trait Candidates {
    /// How many there are, usable or not.
    fn count(&self) -> u32;
    /// Whether this one may be chosen: it takes new connections and was not tried yet.
    fn usable(&self, at: u32) -> bool;
    /// Its live numbers.
    fn numbers(&self, at: u32) -> Numbers;
}

/// The position in the pool of the endpoint that `picker` chooses, or `None` when none is usable.
///
/// Called again with the choice no longer usable it yields the fallbacks one by one.
pub fn pick(picker: &Picker, cursor: &Cursor, candidates: &impl Candidates, rng: &mut Rng) -> Option<u32> {
    match picker {
        Picker::Cycle { table, .. } => cycle(table, cursor, candidates),
        Picker::Least { cost, choices: Some(choices) } if *choices < candidates.count() => {
            least_of_drawn(cost, *choices, candidates, rng)
        }
        // To draw as many as there are is to take all.
        Picker::Least { cost, .. } => least_of_all(cost, candidates, rng),
    }
}

/// Skipping moves the cursor, so what remains when some are ejected keeps its share.
fn cycle(table: &[u32], cursor: &Cursor, candidates: &impl Candidates) -> Option<u32> {
    let length = table.len() as u32;
    (0..length).filter_map(|_| table.get(cursor.next(length) as usize).copied()).find(|at| candidates.usable(*at))
}

/// Each of those that tie is as likely as the others, wherever the gaps are.
fn least_of_all(program: &[CostOp], candidates: &impl Candidates, rng: &mut Rng) -> Option<u32> {
    let mut best: Option<(u32, f64)> = None;
    let mut ties = 0;
    for at in (0..candidates.count()).filter(|at| candidates.usable(*at)) {
        let price = cost(program, candidates.numbers(at));
        let (lower, equal) = best.map_or((true, false), |(_, low)| (price < low, price == low));
        ties = if lower { 1 } else { ties + u32::from(equal) };
        if lower || (equal && rng.u32(0..ties) == 0) {
            best = Some((at, price));
        }
    }
    best.map(|(at, _)| at)
}

/// Draws without putting back. Of equal costs the one drawn first wins, which is random already.
fn least_of_drawn(program: &[CostOp], choices: u32, candidates: &impl Candidates, rng: &mut Rng) -> Option<u32> {
    let mut drawn = [0u32; 32];
    let mut count = 0;
    for _ in 0..choices {
        let seen = drawn.get(..count).unwrap_or_default();
        let Some(at) = draw(candidates, seen, rng) else {
            break;
        };
        let Some(slot) = drawn.get_mut(count) else {
            break;
        };
        *slot = at;
        count += 1;
    }
    let price = |at: u32| cost(program, candidates.numbers(at));
    drawn.iter().take(count).copied().min_by(|a, b| price(*a).total_cmp(&price(*b)))
}

/// One usable endpoint that is not among `seen`, each as likely as the others.
fn draw(candidates: &impl Candidates, seen: &[u32], rng: &mut Rng) -> Option<u32> {
    let length = candidates.count();
    let fits = |at: &u32| candidates.usable(*at) && !seen.contains(at);
    if length == 0 {
        return None;
    }
    let lucky = (0..DRAWS).map(|_| rng.u32(0..length)).find(fits);
    lucky.or_else(|| draw_among_few(length, fits, rng))
}

/// Most are out of the draw: count those that are not, and take one of them.
#[cold]
fn draw_among_few(length: u32, fits: impl Fn(&u32) -> bool, rng: &mut Rng) -> Option<u32> {
    let count = (0..length).filter(&fits).count();
    let chosen = (count > 0).then(|| rng.usize(0..count))?;
    (0..length).filter(fits).nth(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plan::TableHash;

    struct Made {
        usable: Vec<bool>,
        inflight: Vec<u32>,
    }

    impl Made {
        fn of(usable: &[bool]) -> Self {
            Self { usable: usable.into(), inflight: vec![0; usable.len()] }
        }
    }

    impl Candidates for Made {
        fn count(&self) -> u32 {
            self.usable.len() as u32
        }
        fn usable(&self, at: u32) -> bool {
            self.usable.get(at as usize).is_some_and(|usable| *usable)
        }
        fn numbers(&self, at: u32) -> Numbers {
            Numbers { inflight: self.inflight[at as usize], open: 0 }
        }
    }

    fn pickers(length: u32) -> Vec<Picker> {
        let inflight = || vec![CostOp::Inflight {}];
        vec![
            Picker::Cycle { hash: TableHash(String::new()), table: (0..length).collect() },
            Picker::Least { cost: inflight(), choices: Some(2) },
            Picker::Least { cost: inflight(), choices: Some(1) },
            Picker::Least { cost: inflight(), choices: None },
        ]
    }

    /// The contract of every picker, with any subset ejected, on one worker and on four.
    #[test]
    fn what_remains_is_shared_evenly_whatever_is_ejected() {
        let mut rng = Rng::with_seed(7);
        for workers in [1, 4] {
            for mask in 1u32..32 {
                let made = Made::of(&[0, 1, 2, 3, 4].map(|bit| mask >> bit & 1 == 1));
                let alive = f64::from(mask.count_ones());
                for picker in pickers(5) {
                    let cursors: Vec<_> = (0..workers).map(|worker| Cursor::start(worker, 5)).collect();
                    let mut share = [0.0; 5];
                    let rounds = 60_000;
                    for round in 0..rounds {
                        let cursor = &cursors[round % workers as usize];
                        let at = pick(&picker, cursor, &made, &mut rng).unwrap();
                        share[at as usize] += alive / rounds as f64;
                    }
                    for (at, share) in share.iter().enumerate() {
                        let want = if made.usable[at] { 1.0 } else { 0.0 };
                        assert!((share - want).abs() < 0.025, "{picker:?} {mask:b} {workers}: {at} has {share}");
                    }
                }
            }
        }
    }

    #[test]
    fn fallbacks_reach_every_endpoint_once_and_then_end() {
        let mut rng = Rng::with_seed(7);
        for picker in pickers(40) {
            let mut made = Made::of(&[true; 40]);
            let cursor = Cursor::start(3, 40);
            for _ in 0..40 {
                let at = pick(&picker, &cursor, &made, &mut rng).unwrap();
                assert!(std::mem::take(&mut made.usable[at as usize]));
            }
            assert_eq!(pick(&picker, &cursor, &made, &mut rng), None);
            assert_eq!(pick(&picker, &cursor, &Made::of(&[]), &mut rng), None);
        }
    }

    #[test]
    fn the_one_with_fewer_connections_is_chosen() {
        let mut rng = Rng::with_seed(7);
        let mut made = Made::of(&[true; 2]);
        made.inflight = vec![4, 3];
        for choices in [Some(2), None] {
            let picker = Picker::Least { cost: vec![CostOp::Inflight {}], choices };
            for _ in 0..100 {
                assert_eq!(pick(&picker, &Cursor::default(), &made, &mut rng), Some(1));
            }
        }
    }

    #[test]
    fn cursors_of_different_workers_start_at_different_places() {
        let starts: Vec<u32> = (0..4).map(|worker| Cursor::start(worker, 100).0.get()).collect();
        assert_eq!(starts, [0, 61, 23, 85]);
        assert_eq!(Cursor::start(9, 0).0.get(), 0);
    }
}
