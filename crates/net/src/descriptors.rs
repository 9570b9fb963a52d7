//! How many descriptors the process may still open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Descriptors kept free for everything that is not counted here: the control thread, JavaScript,
/// files that are read, and the pair of a connection that was counted a moment too late.
const RESERVE: usize = 32;

/// Counts the descriptors of connections against the limit of the process, so that accepting stops
/// before the system refuses.
///
/// `spare` is what connections may still take. It is set anew from time to time, since others in
/// the process open descriptors too.
#[derive(Debug)]
pub struct Descriptors {
    taken: AtomicUsize,
    /// Those of the taken ones that are not open yet: promised to the next connection of a listener.
    promised: AtomicUsize,
    allowed: AtomicUsize,
}

/// Some descriptors, given back by its drop.
#[derive(Debug)]
pub struct Held {
    from: Arc<Descriptors>,
    count: usize,
}

impl Descriptors {
    /// A count with room for `allowed`.
    pub fn new(allowed: usize) -> Self {
        Self { taken: AtomicUsize::new(0), promised: AtomicUsize::new(0), allowed: AtomicUsize::new(allowed) }
    }

    /// The count of this process: all balancers in it share the one limit.
    pub fn of_process() -> Arc<Self> {
        static PROCESS: OnceLock<Arc<Descriptors>> = OnceLock::new();
        let count = PROCESS.get_or_init(|| Arc::new(Self::new(0)));
        count.measure();
        count.clone()
    }

    /// Takes `count`, or nothing when there is no room for them.
    pub fn take(self: &Arc<Self>, count: usize) -> Option<Held> {
        let allowed = self.allowed.load(Ordering::Relaxed);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(count).filter(|sum| *sum <= allowed)
            })
            .ok()
            .map(|_| Held { from: self.clone(), count })
    }

    /// Takes `count` though there may be no room for them: out of the reserve, for connections that
    /// nobody else can serve.
    pub fn take_anyway(self: &Arc<Self>, count: usize) -> Held {
        self.taken.fetch_add(count, Ordering::Relaxed);
        Held { from: self.clone(), count }
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Looks how many the process has open besides those taken here, and what its limit is now.
    pub fn measure(&self) {
        let (limit, open) = (limit(), open());
        let ours = self.taken().saturating_sub(self.promised.load(Ordering::Relaxed));
        let others = open.saturating_sub(ours);
        self.allowed.store(limit.saturating_sub(others + RESERVE.min(limit / 4)), Ordering::Relaxed);
    }
}

impl Held {
    /// Says that they are not open yet, until the answer is dropped.
    pub fn promise(&self) -> Promised<'_> {
        self.from.promised.fetch_add(self.count, Ordering::Relaxed);
        Promised(self)
    }
}

/// Some descriptors that are taken and not open yet.
#[derive(Debug)]
pub struct Promised<'a>(&'a Held);

impl Drop for Promised<'_> {
    fn drop(&mut self) {
        self.0.from.promised.fetch_sub(self.0.count, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.from.taken.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(unix)]
fn limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX / 2)
}

#[cfg(not(unix))]
fn limit() -> usize {
    usize::MAX / 2
}

/// Open descriptors of the process; 0 where nothing tells.
#[cfg(target_os = "linux")]
fn open() -> usize {
    // Since Linux 6.2 the size of this folder is their number; before, it has to be listed.
    match std::fs::metadata("/proc/self/fd") {
        Ok(folder) if std::os::unix::fs::MetadataExt::size(&folder) > 0 => {
            std::os::unix::fs::MetadataExt::size(&folder) as usize
        }
        _ => std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
    }
}

#[cfg(not(target_os = "linux"))]
fn open() -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let descriptors = Arc::new(Descriptors::new(5));
        let four = descriptors.take(4).unwrap();
        assert!(descriptors.take(2).is_none());
        let one = descriptors.take(1).unwrap();
        assert_eq!(descriptors.taken(), 5);
        drop((four, one));
        assert_eq!(descriptors.taken(), 0);
    }

    #[test]
    fn the_process_has_room_for_some() {
        let descriptors = Descriptors::of_process();
        assert!(descriptors.take(2).is_some());
        assert!(open() > 0);
    }
}
