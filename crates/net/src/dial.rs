//! Connects to an endpoint.

use std::io;
use std::pin::Pin;
use std::task::Poll;

use account::Fault;
use plan::Address;
use tokio::net::TcpStream;

use crate::stream::Stream;
use crate::wheel::Wheel;

/// How long an attempt has for itself before the next address is tried beside it, in milliseconds
/// (RFC 8305 section 5, "Connection Attempt Delay").
const ATTEMPT_DELAY: u32 = 250;

/// Connects to the first of `addresses` that answers, within `timeout` milliseconds for all.
///
/// They are tried in order; the next one starts as soon as one has failed, or after 250 ms beside it.
///
/// # Errors
///
/// The fault of the last attempt that failed, or the timeout.
pub async fn dial(addresses: &[Address], timeout: u32, wheel: &Wheel) -> Result<Stream, Fault> {
    let mut late = wheel.timer();
    late.arm(wheel.now().after(timeout));
    tokio::select! {
        biased;
        connected = first_of(addresses, wheel) => connected.map_err(|error| fault(&error)),
        () = late.fired() => Err(Fault::ConnectTimeout),
    }
}

async fn first_of(addresses: &[Address], wheel: &Wheel) -> io::Result<Stream> {
    match addresses {
        [address] => connect(address).await,
        addresses => race(addresses, wheel).await,
    }
}

/// Attempts side by side. One more starts when none is left or the last one has had its time.
async fn race(addresses: &[Address], wheel: &Wheel) -> io::Result<Stream> {
    type Attempt<'a> = Pin<Box<dyn Future<Output = io::Result<Stream>> + 'a>>;
    let mut waiting = addresses.iter();
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    let mut delay = wheel.timer();
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    std::future::poll_fn(|cx| {
        loop {
            let mut connected = None;
            attempts.retain_mut(|attempt| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(stream)) => {
                    connected = Some(stream);
                    false
                }
                Poll::Ready(Err(error)) => {
                    last = error;
                    false
                }
            });
            if let Some(stream) = connected {
                return Poll::Ready(Ok(stream));
            }
            if !attempts.is_empty() && delay.poll_fired(cx).is_pending() {
                return Poll::Pending;
            }
            match waiting.next() {
                Some(address) => attempts.push(Box::pin(connect(address))),
                None if attempts.is_empty() => {
                    return Poll::Ready(Err(std::mem::replace(&mut last, io::ErrorKind::NotFound.into())));
                }
                None => return Poll::Pending,
            }
            delay.arm(delay.now().after(ATTEMPT_DELAY));
        }
    })
    .await
}

async fn connect(address: &Address) -> io::Result<Stream> {
    match address {
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((*host, *port)).await?;
            stream.set_nodelay(true)?;
            Ok(stream.into())
        }
        #[cfg(unix)]
        Address::Unix { path } => Ok(tokio::net::UnixStream::connect(path).await?.into()),
        #[cfg(not(unix))]
        Address::Unix { .. } => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn fault(error: &io::Error) -> Fault {
    use io::ErrorKind::*;
    match error.kind() {
        ConnectionRefused | NotFound => Fault::ConnectRefused,
        TimedOut => Fault::ConnectTimeout,
        HostUnreachable | NetworkUnreachable | AddrNotAvailable => Fault::ConnectUnreachable,
        _ => Fault::ConnectFailed,
    }
}
