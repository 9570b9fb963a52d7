//! A half that is no socket: its peer follows a script.
//!
//! ```text
//!   script ─▶ poll_read ─▶ relay ─▶ poll_write ─▶ taken ─ poll_flush ─▶ visible
//! ```
//!
//! Both halves of a relay share a [`Stage`]. It knows what the relay holds, and panics on a call
//! that the relay must not make.

use std::cell::{RefCell, RefMut};
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use net::Half;

use super::pattern;
use super::script::{Ending, Script, Sends, Side, Takes};

/// When a half that has said `Pending` goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// When [`Stage::go_on`] says so.
    Told,
    /// At once: the task is woken before it sleeps.
    AtOnce,
}

/// What both halves of a relay share.
#[derive(Debug)]
pub struct Stage {
    client: Seen,
    endpoint: Seen,
    wakes: Wakes,
    /// Whether both halves are made, so that what the relay holds is known.
    paired: bool,
    /// Which half was the first to say that it is broken.
    pub first_broken: Option<Side>,
    /// Calls that came to something.
    pub successes: usize,
}

/// What was seen of a half.
#[derive(Debug)]
pub struct Seen {
    script: Script,
    send_at: usize,
    sent_of_step: usize,
    take_at: usize,
    gates: [Gate; 4],
    /// Bytes that the relay has read from it.
    pub read: u64,
    /// Bytes that the relay has written to it.
    pub taken: u64,
    /// Those that its peer can see.
    pub visible: u64,
    /// Its end, or its break, was read.
    pub read_over: bool,
    /// It has said that it is broken.
    pub broken: bool,
    /// It was finished so many times.
    pub finished: usize,
    /// How many bytes its peer could see by then.
    pub visible_at_finish: u64,
    /// It was aborted so many times.
    pub aborted: usize,
}

/// A place where a half waits: closed until the stage opens it for one call.
#[derive(Debug, Default)]
struct Gate {
    waiting: Option<Waker>,
    open: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Call {
    Read,
    Write,
    Flush,
    Finish,
}

/// A half that is no socket.
#[derive(Debug, Clone)]
pub struct Made {
    stage: Rc<RefCell<Stage>>,
    side: Side,
}

impl Stage {
    /// Two halves, each with its script.
    pub fn halves(client: Script, endpoint: Script, wakes: Wakes) -> (Made, Made) {
        let stage = Rc::new(RefCell::new(Stage {
            client: Seen::new(client),
            endpoint: Seen::new(endpoint),
            wakes,
            paired: true,
            first_broken: None,
            successes: 0,
        }));
        let half = |side| Made { stage: stage.clone(), side };
        (half(Side::Client), half(Side::Endpoint))
    }

    /// One half, a client, to stand next to something else. It goes on at once.
    pub fn alone(script: Script) -> Made {
        let (client, _) = Self::halves(script, Script::default(), Wakes::AtOnce);
        client.stage().paired = false;
        client
    }

    /// What was seen of one half.
    pub fn of(&self, side: Side) -> &Seen {
        match side {
            Side::Client => &self.client,
            Side::Endpoint => &self.endpoint,
        }
    }

    fn of_mut(&mut self, side: Side) -> &mut Seen {
        match side {
            Side::Client => &mut self.client,
            Side::Endpoint => &mut self.endpoint,
        }
    }

    fn wakers(&self) -> impl Iterator<Item = &Waker> {
        let gates = self.client.gates.iter().chain(&self.endpoint.gates);
        gates.filter_map(|gate| gate.waiting.as_ref())
    }

    /// How many calls wait.
    pub fn waiting(&self) -> usize {
        self.wakers().count()
    }

    /// Whether one of them wakes whom `waker` wakes.
    pub fn will_wake(&self, waker: &Waker) -> bool {
        self.wakers().any(|waiting| waiting.will_wake(waker))
    }

    /// Lets one of the calls that wait go on, and gives what wakes it.
    pub fn go_on(&mut self, nth: usize) -> Option<Waker> {
        let gates = self.client.gates.iter_mut().chain(&mut self.endpoint.gates);
        let gate = gates.filter(|gate| gate.waiting.is_some()).nth(nth)?;
        gate.open = true;
        gate.waiting.take()
    }

    /// Bytes read from a half and not yet written to the other one.
    pub fn held_from(&self, side: Side) -> u64 {
        self.of(side).read - self.of(side.other()).taken
    }

    fn breaks(&mut self, side: Side, kind: io::ErrorKind) -> io::Error {
        self.first_broken = self.first_broken.or(Some(side));
        self.of_mut(side).broken = true;
        kind.into()
    }

    /// Waits once: pending until the gate is opened.
    fn pass(&mut self, side: Side, call: Call, cx: &Context<'_>) -> Poll<()> {
        let at_once = self.wakes == Wakes::AtOnce;
        let gate = &mut self.of_mut(side).gates[call as usize];
        if std::mem::take(&mut gate.open) {
            return Poll::Ready(());
        }
        if at_once {
            gate.open = true;
            cx.waker().wake_by_ref();
        } else {
            gate.waiting = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn read(&mut self, side: Side, cx: &Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(!self.paired || self.held_from(side) == 0, "read while bytes of this direction are held");
        assert!(!self.of(side).read_over, "read again after its end");
        assert_eq!(self.of(side).aborted, 0, "read after abort");
        loop {
            let seen = self.of_mut(side);
            let bytes = match seen.script.sends.get(seen.send_at) {
                Some(Sends::Bytes(count)) => count - seen.sent_of_step,
                Some(Sends::Endless) => usize::MAX,
                Some(Sends::Wait) => {
                    ready!(self.pass(side, Call::Read, cx));
                    self.of_mut(side).send_at += 1;
                    continue;
                }
                None => return self.read_end(side),
            };
            if bytes == 0 {
                (seen.send_at, seen.sent_of_step) = (seen.send_at + 1, 0);
                continue;
            }
            let length = buffer.len().min(bytes);
            buffer[..length].copy_from_slice(pattern::bytes(seen.read, length));
            seen.sent_of_step += length;
            seen.read += length as u64;
            self.successes += 1;
            return Poll::Ready(Ok(length));
        }
    }

    fn read_end(&mut self, side: Side) -> Poll<io::Result<usize>> {
        let seen = self.of_mut(side);
        seen.read_over = seen.script.ending != Ending::Silence;
        match seen.script.ending {
            Ending::Silence => return Poll::Pending,
            Ending::End => self.successes += 1,
            Ending::Break => return Poll::Ready(Err(self.breaks(side, io::ErrorKind::ConnectionReset))),
        }
        Poll::Ready(Ok(0))
    }

    fn write(&mut self, side: Side, cx: &Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let seen = self.of(side);
        assert_eq!((seen.finished, seen.aborted), (0, 0), "written after finish or abort");
        let offered: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        assert!(offered > 0, "an empty write");
        loop {
            let seen = self.of_mut(side);
            let room = seen.script.breaks_after.map_or(u64::MAX, |after| after - seen.taken);
            if seen.broken || room == 0 {
                return Poll::Ready(Err(self.breaks(side, io::ErrorKind::BrokenPipe)));
            }
            let takes = seen.script.takes[seen.take_at % seen.script.takes.len()];
            let Takes::UpTo(most) = takes else {
                ready!(self.pass(side, Call::Write, cx));
                self.of_mut(side).take_at += 1;
                continue;
            };
            seen.take_at += 1;
            let length = offered.min(most.max(1)).min(usize::try_from(room).unwrap_or(usize::MAX));
            seen.take(length, buffers);
            self.successes += 1;
            return Poll::Ready(Ok(length));
        }
    }

    fn flush(&mut self, side: Side, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let seen = self.of(side);
        assert_eq!(seen.aborted, 0, "flushed after abort");
        if seen.broken {
            return Poll::Ready(Err(self.breaks(side, io::ErrorKind::BrokenPipe)));
        }
        if seen.visible == seen.taken {
            return Poll::Ready(Ok(()));
        }
        if seen.script.flush_waits {
            ready!(self.pass(side, Call::Flush, cx));
        }
        let seen = self.of_mut(side);
        seen.visible = seen.taken;
        self.successes += 1;
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self, side: Side, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let other = side.other();
        assert!(!self.paired || self.of(other).read_over, "finished before the end");
        assert!(!self.paired || self.held_from(other) == 0, "finished while bytes are held");
        let seen = self.of(side);
        assert_eq!((seen.finished, seen.aborted), (0, 0), "finished after finish or abort");
        if seen.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if seen.script.finish_waits {
            ready!(self.pass(side, Call::Finish, cx));
        }
        let seen = self.of_mut(side);
        seen.finished += 1;
        seen.visible_at_finish = seen.visible;
        self.successes += 1;
        Poll::Ready(Ok(()))
    }
}

impl Seen {
    fn new(script: Script) -> Self {
        Self {
            script,
            send_at: 0,
            sent_of_step: 0,
            take_at: 0,
            gates: Default::default(),
            read: 0,
            taken: 0,
            visible: 0,
            read_over: false,
            broken: false,
            finished: 0,
            visible_at_finish: 0,
            aborted: 0,
        }
    }

    /// Whether a call waits, and will wake whom `waker` wakes.
    pub fn waits_to(&self, call: Call, waker: &Waker) -> bool {
        self.gates[call as usize].waiting.as_ref().is_some_and(|waiting| waiting.will_wake(waker))
    }

    fn take(&mut self, length: usize, buffers: &[IoSlice<'_>]) {
        let mut left = length;
        for buffer in buffers {
            let piece = &buffer[..left.min(buffer.len())];
            assert!(pattern::is_at(self.taken, piece), "wrong bytes at {}", self.taken);
            self.taken += piece.len() as u64;
            left -= piece.len();
        }
    }
}

impl Made {
    /// What was seen so far of both halves.
    pub fn stage(&self) -> RefMut<'_, Stage> {
        self.stage.borrow_mut()
    }
}

impl Half for Made {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stage().read(self.side, cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stage().write(self.side, cx, buffers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stage().flush(self.side, cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stage().finish(self.side, cx)
    }

    fn abort(&mut self) {
        self.stage().of_mut(self.side).aborted += 1;
    }

    fn peer_gone(&self) -> bool {
        false
    }
}
