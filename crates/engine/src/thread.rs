//! Threads that own a runtime.

use std::io;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

/// Starts a thread with a single-threaded runtime of its own, and returns once it has that.
///
/// # Errors
///
/// The system gives no thread, or no descriptors for the runtime.
pub fn start(name: String, body: impl FnOnce(LocalRuntime) + Send + 'static) -> io::Result<JoinHandle<()>> {
    let (ready, wait) = channel();
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        net::block_broken_pipe();
        let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        match runtime {
            Ok(runtime) => {
                let _ = ready.send(Ok(()));
                body(runtime);
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    })?;
    wait.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
    Ok(thread)
}
