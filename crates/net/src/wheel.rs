//! The coarse timer wheel of a worker.
//!
//! Four levels of 64 slots. A slot of level 0 is one tick, a slot of each further level is 64 slots
//! of the one below, so the wheel spans 64⁴ ticks (46 hours); what lies beyond waits in the last slot
//! and is put in again from there.
//!
//! ```text
//!   level 3 │ 64³ ticks a slot │ ─┐ when time enters a slot, its
//!   level 2 │ 64² ticks a slot │ ─┤ entries move down a level …
//!   level 1 │ 64  ticks a slot │ ─┤
//!   level 0 │ 1   tick  a slot │ ─┘ … until they fire
//! ```
//!
//! An entry is armed, fires once, and may be armed again. Arming and disarming take constant time
//! and no allocation once the wheel has grown. A worker that has nothing armed has no timer at all.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use slab::Slab;

use crate::clock::{Clock, Tick};

const LEVELS: usize = 4;
const SLOTS: u64 = 64;
/// The end of a list, and the mark of an entry in no list.
const NONE: u32 = u32::MAX;

/// The coarse timer wheel of a worker. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Wheel {
    clock: Clock,
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug)]
struct Inner {
    entries: Slab<Entry>,
    heads: [[u32; SLOTS as usize]; LEVELS],
    /// Which slots of a level have entries.
    occupied: [u64; LEVELS],
    /// Every slot before this tick was emptied.
    now: u64,
    /// The tick for which the driver is asleep, and how to wake it for an earlier one.
    asleep_until: u64,
    driver: Option<Waker>,
}

#[derive(Debug)]
struct Entry {
    deadline: u64,
    state: Armed,
    level: u8,
    slot: u8,
    next: u32,
    previous: u32,
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Armed {
    Idle,
    Waiting,
    Fired,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            entries: Slab::new(),
            heads: [[NONE; SLOTS as usize]; LEVELS],
            occupied: [0; LEVELS],
            now: 0,
            asleep_until: 0,
            driver: None,
        }
    }
}

/// One entry of a wheel, idle until armed. Dropping it disarms it.
#[derive(Debug)]
pub struct Timer {
    wheel: Wheel,
    key: u32,
}

impl Wheel {
    /// An idle timer.
    pub fn timer(&self) -> Timer {
        let entry =
            Entry { deadline: 0, state: Armed::Idle, level: 0, slot: 0, next: NONE, previous: NONE, waker: None };
        let key = self.inner.borrow_mut().entries.insert(entry) as u32;
        Timer { wheel: self.clone(), key }
    }

    /// The current tick.
    pub fn now(&self) -> Tick {
        self.clock.now()
    }

    /// Waits until something is due, fires it, and goes on for ever. One task of the worker runs it.
    pub async fn drive(&self) {
        loop {
            let due = self.earliest().await;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.clock.at(due).into()) => {}
                () = self.an_earlier_one_than(due) => {}
            }
            self.advance(self.now());
        }
    }

    /// The next tick at which there is something to do; waits while nothing is armed.
    async fn earliest(&self) -> Tick {
        std::future::poll_fn(|cx| {
            let inner = &mut *self.inner.borrow_mut();
            match inner.earliest() {
                Some(tick) => Poll::Ready(Tick(tick)),
                None => inner.sleep(u64::MAX, cx),
            }
        })
        .await
    }

    async fn an_earlier_one_than(&self, due: Tick) {
        std::future::poll_fn(|cx| {
            let inner = &mut *self.inner.borrow_mut();
            match inner.earliest() {
                Some(tick) if tick < due.0 => Poll::Ready(()),
                _ => inner.sleep(due.0, cx),
            }
        })
        .await;
    }

    /// Fires what is due by `to`.
    pub fn advance(&self, to: Tick) {
        loop {
            // Waking runs the code of others, which may arm and drop timers: not under the borrow.
            let due = self.inner.borrow_mut().expire(to.0);
            let Some(waker) = due else { return };
            waker.wake();
        }
    }
}

impl Timer {
    /// Fires once `at` has come. A timer that is armed already is moved.
    pub fn arm(&mut self, at: Tick) {
        let inner = &mut *self.wheel.inner.borrow_mut();
        inner.disarm(self.key);
        inner.arm(self.key, at.0);
    }

    /// Does not fire any more.
    pub fn disarm(&mut self) {
        self.wheel.inner.borrow_mut().disarm(self.key);
    }

    /// Ready once it has fired; then it is idle again.
    pub fn poll_fired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.wheel.inner.borrow_mut();
        let Some(entry) = inner.entries.get_mut(self.key as usize) else {
            return Poll::Pending;
        };
        match entry.state {
            Armed::Fired => {
                entry.state = Armed::Idle;
                Poll::Ready(())
            }
            Armed::Idle | Armed::Waiting => {
                if entry.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    return Poll::Pending;
                }
                let before = entry.waker.replace(cx.waker().clone());
                // What a waker drops may arm and drop timers: not under the borrow.
                drop(inner);
                drop(before);
                Poll::Pending
            }
        }
    }

    /// Waits until it has fired.
    pub async fn fired(&mut self) {
        std::future::poll_fn(|cx| self.poll_fired(cx)).await;
    }

    /// The current tick of its wheel.
    pub fn now(&self) -> Tick {
        self.wheel.now()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Borrowed only when this unwinds from a bug in here: then the entry is leaked.
        let Ok(mut inner) = self.wheel.inner.try_borrow_mut() else {
            return;
        };
        inner.disarm(self.key);
        let entry = inner.entries.try_remove(self.key as usize);
        // A waker that is dropped may drop a task and with it other timers: not under the borrow.
        drop(inner);
        drop(entry);
    }
}

impl Inner {
    fn sleep<T>(&mut self, until: u64, cx: &Context<'_>) -> Poll<T> {
        self.asleep_until = until;
        if !self.driver.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.driver = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn arm(&mut self, key: u32, at: u64) {
        let deadline = at.max(self.now);
        if let Some(entry) = self.entries.get_mut(key as usize) {
            entry.deadline = deadline;
            entry.state = Armed::Waiting;
            self.link(key, deadline);
        }
        if deadline < self.asleep_until
            && let Some(driver) = self.driver.take()
        {
            self.asleep_until = 0;
            driver.wake();
        }
    }

    fn disarm(&mut self, key: u32) {
        let Some(entry) = self.entries.get_mut(key as usize) else {
            return;
        };
        let waiting = entry.state == Armed::Waiting;
        entry.state = Armed::Idle;
        if waiting {
            self.unlink(key);
        }
    }

    /// Puts an entry into the slot of its deadline, as seen from now.
    fn link(&mut self, key: u32, deadline: u64) {
        let (level, slot) = place(self.now, deadline);
        let Some(head) = self.heads.get_mut(level).and_then(|heads| heads.get_mut(slot)) else {
            return;
        };
        let next = std::mem::replace(head, key);
        if let Some(occupied) = self.occupied.get_mut(level) {
            *occupied |= 1 << slot;
        }
        if let Some(entry) = self.entries.get_mut(key as usize) {
            (entry.level, entry.slot, entry.next, entry.previous) = (level as u8, slot as u8, next, NONE);
        }
        if let Some(after) = self.entries.get_mut(next as usize) {
            after.previous = key;
        }
    }

    fn unlink(&mut self, key: u32) {
        let Some(entry) = self.entries.get(key as usize) else {
            return;
        };
        let (level, slot) = (entry.level as usize, entry.slot as usize);
        let (next, previous) = (entry.next, entry.previous);
        if let Some(after) = self.entries.get_mut(next as usize) {
            after.previous = previous;
        }
        if let Some(before) = self.entries.get_mut(previous as usize) {
            before.next = next;
        } else if let Some(head) = self.heads.get_mut(level).and_then(|heads| heads.get_mut(slot)) {
            *head = next;
            if next == NONE
                && let Some(occupied) = self.occupied.get_mut(level)
            {
                *occupied &= !(1 << slot);
            }
        }
    }

    /// The next tick at which an entry fires or moves down.
    fn earliest(&self) -> Option<u64> {
        (0u32..).zip(&self.occupied).filter_map(|(level, occupied)| next_turn(self.now, level, *occupied)).min()
    }

    /// Fires one entry due by `to`, moving time on as far as there is nothing before it.
    fn expire(&mut self, to: u64) -> Option<Waker> {
        loop {
            let due = self.earliest().filter(|tick| *tick <= to);
            let Some(due) = due else {
                self.now = self.now.max(to);
                return None;
            };
            self.now = due;
            for level in (1..LEVELS).rev() {
                self.cascade(level);
            }
            let key = *self.heads.first()?.get((due % SLOTS) as usize)?;
            if key != NONE {
                self.unlink(key);
                let entry = self.entries.get_mut(key as usize)?;
                entry.state = Armed::Fired;
                if let Some(waker) = entry.waker.take() {
                    return Some(waker);
                }
            }
        }
    }

    /// Moves the entries of the slot that time has entered down.
    fn cascade(&mut self, level: usize) {
        let slot = slot_of(self.now, level as u32) as usize;
        // Only at the first tick of the slot; later on what is in it belongs to its next turn.
        if !self.now.is_multiple_of(span(level as u32)) {
            return;
        }
        let Some(head) = self.heads.get_mut(level).and_then(|heads| heads.get_mut(slot)) else {
            return;
        };
        let mut key = std::mem::replace(head, NONE);
        if let Some(occupied) = self.occupied.get_mut(level) {
            *occupied &= !(1 << slot);
        }
        while let Some(entry) = self.entries.get(key as usize) {
            let (next, deadline) = (entry.next, entry.deadline);
            self.link(key, deadline);
            key = next;
        }
    }
}

/// How many ticks a slot of `level` spans.
fn span(level: u32) -> u64 {
    SLOTS.pow(level)
}

fn slot_of(tick: u64, level: u32) -> u64 {
    tick / span(level) % SLOTS
}

/// The level and slot for `deadline`, as seen from `now`: the lowest level on which less than one
/// turn lies between.
fn place(now: u64, deadline: u64) -> (usize, usize) {
    let last = LEVELS as u32 - 1;
    let level = (0..last).find(|level| deadline / span(*level) - now / span(*level) < SLOTS).unwrap_or(last);
    let furthest = (now / span(level) + SLOTS - 1) * span(level);
    (level as usize, slot_of(deadline.min(furthest), level) as usize)
}

/// When time next enters an occupied slot of `level`.
fn next_turn(now: u64, level: u32, occupied: u64) -> Option<u64> {
    if occupied == 0 {
        return None;
    }
    let turn = now / span(level);
    let ahead = u64::from(occupied.rotate_right((turn % SLOTS) as u32).trailing_zeros());
    Some(((turn + ahead) * span(level)).max(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_timer_fires_once_at_its_tick_and_not_before() {
        let wheel = Wheel::default();
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let deadlines = [0, 1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 5000, 262_143, 262_144, 300_000, 20_000_000];
        let mut timers: Vec<Timer> = deadlines.iter().map(|_| wheel.timer()).collect();
        for (timer, deadline) in timers.iter_mut().zip(deadlines) {
            timer.arm(Tick(deadline));
            assert!(timer.poll_fired(&mut cx).is_pending());
        }
        for (count, (timer, deadline)) in timers.iter_mut().zip(deadlines).enumerate() {
            if deadline > 0 {
                wheel.advance(Tick(deadline - 1));
                assert_eq!(woken.0.load(Ordering::Relaxed), count, "before {deadline}");
                assert!(timer.poll_fired(&mut cx).is_pending());
            }
            wheel.advance(Tick(deadline));
            assert_eq!(woken.0.load(Ordering::Relaxed), count + 1, "at {deadline}");
            assert!(timer.poll_fired(&mut cx).is_ready());
            assert!(timer.poll_fired(&mut cx).is_pending());
        }
    }

    /// Arms and drops timers of the wheel that wakes it.
    struct Busy(std::sync::Mutex<Option<(Wheel, Timer)>>);
    // SAFETY of the test: it stays on one thread.
    struct OneThread<T>(T);
    unsafe impl<T> Send for OneThread<T> {}
    unsafe impl<T> Sync for OneThread<T> {}

    impl Wake for OneThread<Busy> {
        fn wake(self: Arc<Self>) {
            if let Some((wheel, timer)) = self.0.0.lock().unwrap().take() {
                wheel.timer().arm(Tick(9));
                drop(timer);
            }
        }
    }

    #[test]
    fn whoever_is_woken_may_arm_and_drop_timers() {
        let wheel = Wheel::default();
        let busy = Arc::new(OneThread(Busy(std::sync::Mutex::new(Some((wheel.clone(), wheel.timer()))))));
        let waker = Waker::from(busy.clone());
        let mut timer = wheel.timer();
        timer.arm(Tick(1));
        assert!(timer.poll_fired(&mut Context::from_waker(&waker)).is_pending());
        wheel.advance(Tick(2));
        assert!(busy.0.0.lock().unwrap().is_none());
        assert_eq!(wheel.inner.borrow().entries.len(), 1);
    }

    #[test]
    fn random_arming_agrees_with_a_list() {
        let mut seed = 42u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let wheel = Wheel::default();
        let mut cx = Context::from_waker(Waker::noop());
        let mut timers: Vec<(Timer, Option<u64>)> = (0..100).map(|_| (wheel.timer(), None)).collect();
        let mut now = 0;
        for _ in 0..20_000 {
            let at = random(100) as usize;
            match random(10) {
                0..=4 => {
                    let far = [70, 5000, 400_000, 40_000_000][random(4) as usize];
                    let deadline = now + random(far);
                    timers[at].0.arm(Tick(deadline));
                    timers[at].1 = Some(deadline);
                }
                5 => {
                    timers[at].0.disarm();
                    timers[at].1 = None;
                }
                6 => timers[at] = (wheel.timer(), None),
                _ => {
                    let far = [3, 100, 10_000, 1_000_000][random(4) as usize];
                    now += random(far);
                    wheel.advance(Tick(now));
                }
            }
            if wheel.inner.borrow().now < now {
                continue;
            }
            for (timer, deadline) in &mut timers {
                let due = deadline.is_some_and(|deadline| deadline <= now && wheel.inner.borrow().now >= deadline);
                // One armed for the present tick fires when time next moves.
                if due && timer.poll_fired(&mut cx).is_ready() {
                    *deadline = None;
                } else if let Some(deadline) = deadline {
                    assert!(*deadline >= now, "{deadline} was missed at {now}");
                } else {
                    assert!(timer.poll_fired(&mut cx).is_pending(), "fired though idle");
                }
            }
        }
    }
}
