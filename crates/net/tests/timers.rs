//! What a waker may do while a timer fires.

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use net::{Tick, Timer, Wheel};

thread_local! {
    /// What the waker does once it is woken.
    static THEN: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

struct Then;

impl Wake for Then {
    fn wake(self: Arc<Self>) {
        let then = THEN.take();
        if let Some(then) = then {
            then();
        }
    }
}

/// A timer that is armed for `at`; its waker does `then`.
fn armed(wheel: &Wheel, at: Tick, then: impl FnOnce() + 'static) -> Timer {
    let mut timer = wheel.timer();
    timer.arm(at);
    THEN.set(Some(Box::new(then)));
    let waker = Waker::from(Arc::new(Then));
    assert_eq!(timer.poll_fired(&mut Context::from_waker(&waker)), Poll::Pending);
    timer
}

#[test]
fn a_waker_may_arm_timers() {
    let wheel = Wheel::default();
    let other = Rc::new(RefCell::new(wheel.timer()));
    let in_waker = other.clone();
    let _timer = armed(&wheel, Tick(5), move || in_waker.borrow_mut().arm(Tick(7)));
    wheel.advance(Tick(6));
    wheel.advance(Tick(8));
    assert!(other.borrow_mut().poll_fired(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn a_waker_may_drop_timers() {
    struct Nothing;
    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }
    let wheel = Wheel::default();
    let held = Arc::new(Nothing);
    let mut other = wheel.timer();
    other.arm(Tick(7));
    let _ = other.poll_fired(&mut Context::from_waker(&Waker::from(held.clone())));
    assert_eq!(Arc::strong_count(&held), 2);
    let _timer = armed(&wheel, Tick(5), move || drop(other));
    wheel.advance(Tick(6));
    assert_eq!(Arc::strong_count(&held), 1, "the dropped timer is still in the wheel");
}
