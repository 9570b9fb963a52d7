//! The thread that writes: its own state.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use account::LogCounts;
use plan::LogSink;
use proxy::{Batch, Parcel};

use super::sink::Sink;
use super::{Orders, failed};

/// How often it is looked whether a file is still where it was.
const LOOK: Duration = Duration::from_secs(1);
/// What cannot be written is tried again so often.
const AGAIN: Duration = Duration::from_millis(100);

/// The thread's own state.
pub struct Writing {
    received: Receiver<Parcel>,
    counts: Arc<LogCounts>,
    orders: Arc<Mutex<Orders>>,
    /// Where lines go, and went until a moment ago.
    sinks: Vec<(LogSink, Sink)>,
    to: Option<LogSink>,
    /// What could not be written yet, and how much of it was.
    held: Option<(Batch, usize)>,
    looked: Instant,
}

impl Writing {
    /// One that has nothing open yet.
    pub fn new(received: Receiver<Parcel>, counts: Arc<LogCounts>, orders: Arc<Mutex<Orders>>) -> Self {
        let (sinks, looked) = (Vec::new(), Instant::now());
        Self { received, counts, orders, sinks, to: None, held: None, looked }
    }

    /// Writes until it is to end.
    pub fn run(mut self) {
        while self.step() {}
    }

    /// Does what is next, and says whether there is more.
    fn step(&mut self) -> bool {
        let (settled, until) = self.obey();
        if self.held.is_none() {
            match self.next(settled, until) {
                Ok(Parcel::Lines(batch)) => self.held = Some((batch, 0)),
                Ok(Parcel::Nudge) => return true,
                Err(RecvTimeoutError::Timeout) if until.is_none() => {
                    self.look();
                    return true;
                }
                Err(_) => return false,
            }
        }
        if self.looked.elapsed() >= LOOK {
            self.look();
        }
        if !self.write() {
            let is_old = self.held.as_ref().is_some_and(|(batch, _)| self.to.as_ref() != Some(&*batch.to));
            match until {
                Some(until) if Instant::now() >= until => {
                    self.drop_all();
                    return false;
                }
                _ if is_old => self.drop_held(),
                _ => std::thread::park_timeout(AGAIN),
            }
        }
        true
    }

    /// What comes next. Who is to end waits for those who may still hand on, and who has nothing open for
    /// nobody else.
    fn next(&mut self, settled: bool, until: Option<Instant>) -> Result<Parcel, RecvTimeoutError> {
        match self.received.try_recv() {
            Ok(parcel) => return Ok(parcel),
            Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => {}
        }
        if settled {
            // What was sent before that was said has come, and is written: nothing less shows it.
            self.sinks.retain(|(to, _)| self.to.as_ref() == Some(to));
        }
        match (self.sinks.is_empty(), until) {
            (true, None) => self.received.recv().map_err(RecvTimeoutError::from),
            (true, Some(_)) => Err(RecvTimeoutError::Disconnected),
            (false, None) => self.received.recv_timeout(LOOK),
            (false, Some(until)) => self.received.recv_timeout(until.saturating_duration_since(Instant::now())),
        }
    }

    /// Does as it is told, and says whether nothing comes any more for where lines went before, and until
    /// when it has time if it is to end.
    fn obey(&mut self) -> (bool, Option<Instant>) {
        let orders = self.orders.clone();
        let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
        if self.to != orders.to {
            self.to.clone_from(&orders.to);
        }
        for (to, sink) in orders.opened.drain(..) {
            self.sinks.retain(|(other, _)| *other != to);
            self.sinks.push((to, sink));
        }
        let (reopen, said) = (std::mem::take(&mut orders.reopen), (orders.settled, orders.until));
        drop(orders);
        if !reopen.is_empty() {
            let result = self.reopen(|_| true);
            reopen.into_iter().for_each(|done| done.answer(result.clone()));
        }
        said
    }

    /// Looks whether files are still where they were.
    fn look(&mut self) {
        self.looked = Instant::now();
        // Where that fails it is tried again at the next look.
        let _ = self.reopen(Sink::has_moved);
    }

    /// Opens them anew; says why that of new lines cannot be opened.
    fn reopen(&mut self, which: impl Fn(&Sink) -> bool) -> Result<(), String> {
        let mut result = Ok(());
        for (to, sink) in self.sinks.iter_mut().filter(|(_, sink)| which(sink)) {
            match sink.reopen() {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    if self.to.as_ref() == Some(&*to) {
                        result = Err(failed(to, &error));
                    }
                    continue;
                }
            }
            // The rest of a line whose begin is in the other file is no line.
            if let Some((batch, at)) = &mut self.held
                && *batch.to == *to
                && let Some(torn) = rest_of_line(&batch.bytes, *at)
            {
                *at += torn;
                batch.lines -= 1;
                self.counts.dropped.add(1);
            }
        }
        result
    }

    /// Goes on with what is held, and says whether all of it is written.
    fn write(&mut self) -> bool {
        let Some((batch, at)) = &mut self.held else { return true };
        let sink = self.sinks.iter_mut().find(|(to, _)| *to == *batch.to);
        let Some((_, sink)) = sink else { return false };
        while let Some(rest) = batch.bytes.get(*at..).filter(|rest| !rest.is_empty()) {
            match sink.write(rest, AGAIN) {
                Ok(count) if count > 0 => *at += count,
                _ => return false,
            }
        }
        if let Some((batch, _)) = self.held.take() {
            self.counts.written.add(batch.lines);
            batch.recycle();
        }
        true
    }

    /// Nobody takes it.
    fn drop_held(&mut self) {
        let Some((batch, at)) = self.held.take() else { return };
        let rest = batch.bytes.get(at..).unwrap_or_default();
        let left = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counts.dropped.add(left);
        self.counts.written.add(batch.lines - left);
        batch.recycle();
    }

    fn drop_all(&mut self) {
        self.drop_held();
        while let Ok(parcel) = self.received.try_recv() {
            if let Parcel::Lines(batch) = parcel {
                self.counts.dropped.add(batch.lines);
            }
        }
    }
}

/// How many bytes of a line are left behind `at`, of which some are written.
fn rest_of_line(bytes: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before))?;
    if *before == b'\n' {
        return None;
    }
    bytes.get(at..)?.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{SyncSender, sync_channel};

    use super::*;

    struct Desk {
        parcels: SyncSender<Parcel>,
        orders: Arc<Mutex<Orders>>,
        counts: Arc<LogCounts>,
        writing: Writing,
        folder: PathBuf,
    }

    impl Desk {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("fourseven-writing-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let ((parcels, received), counts, orders) = (sync_channel(64), Arc::default(), Arc::default());
            let writing = Writing::new(received, Arc::clone(&counts), Arc::clone(&orders));
            Self { parcels, orders, counts, writing, folder }
        }

        fn begin(&self, name: &str) -> Arc<LogSink> {
            let to = LogSink::File { path: self.folder.join(name).to_str().unwrap().into() };
            let mut orders = self.orders.lock().unwrap();
            orders.opened.push((to.clone(), Sink::open(&to).unwrap()));
            (orders.to, orders.settled) = (Some(to.clone()), false);
            Arc::new(to)
        }

        fn settle(&self) {
            self.orders.lock().unwrap().settled = true;
        }

        fn send(&self, to: &Arc<LogSink>, line: &str) {
            self.parcels.send(parcel(to, line)).unwrap();
        }

        /// As a second later.
        fn step(&mut self) {
            self.writing.looked -= LOOK;
            assert!(self.writing.step());
        }

        fn text(&self, path: impl AsRef<Path>) -> String {
            std::fs::read_to_string(self.folder.join(path)).unwrap()
        }
    }

    fn parcel(to: &Arc<LogSink>, line: &str) -> Parcel {
        Parcel::Lines(Batch::new(to.clone(), format!("{line}\n").into_bytes(), 1, sync_channel(1).0))
    }

    impl Drop for Desk {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    #[test]
    fn a_file_that_was_left_takes_all_that_was_sent_to_it_however_seldom_the_log_is_idle() {
        let mut desk = Desk::new("left");
        let one = desk.begin("one");
        desk.settle();
        for _ in 0..3 {
            desk.send(&one, "1");
            desk.step();
        }
        // Twice, so that nothing of the first switch serves for the second.
        let two = desk.begin("two");
        (0..3).for_each(|_| desk.send(&one, "1"));
        desk.settle();
        (0..3).for_each(|_| desk.send(&two, "2"));
        for _ in 0..6 {
            desk.step();
        }
        desk.send(&two, "2");
        let three = desk.begin("three");
        (0..3).for_each(|_| desk.send(&two, "2"));
        desk.settle();
        desk.send(&three, "3");
        for _ in 0..5 {
            desk.step();
        }
        assert_eq!(desk.text("one"), "1\n".repeat(6));
        assert_eq!(desk.text("two"), "2\n".repeat(7));
        assert_eq!(desk.text("three"), "3\n");
        assert_eq!(desk.counts.dropped.read(), 0);
        // Then it is let go of.
        assert!(desk.writing.next(true, Some(Instant::now())).is_err());
        assert_eq!(desk.writing.sinks.len(), 1);
    }

    #[test]
    fn the_end_waits_for_whoever_may_still_hand_on() {
        let mut desk = Desk::new("end");
        let to = desk.begin("log");
        desk.settle();
        desk.orders.lock().unwrap().until = Some(Instant::now() + Duration::from_secs(60));
        let late = std::mem::replace(&mut desk.parcels, sync_channel(0).0);
        let last = std::thread::spawn(move || late.send(parcel(&to, "late")));
        while desk.writing.step() {}
        last.join().unwrap().unwrap();
        assert_eq!(desk.text("log"), "late\n");
    }
}
