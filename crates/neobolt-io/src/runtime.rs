//! What a runtime does for us, as object-safe traits.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::future::BoxFuture;

/// Provides sockets, time, chance and tasks.
///
/// The futures it returns own what they need, and may be dropped at any time. None of its methods
/// may panic because it is called in the wrong place: what can fail says so in its result, the rest
/// documents what it does instead.
pub trait Runtime: Debug + Send + Sync + 'static {
    /// Opens a TCP connection, with `TCP_NODELAY` set: requests are written once, and must not wait
    /// for the acknowledgement of the last one.
    ///
    /// # Errors
    ///
    /// The future fails as the operating system does, or when the runtime is not there to run it.
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>>;

    /// Starts to listen for TCP connections. Port 0 lets the system choose a port.
    ///
    /// # Errors
    ///
    /// The future fails as the operating system does, or when the runtime is not there to run it.
    fn listen(&self, on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>>;

    /// Resolves a host name or the text of an IP address, without brackets, to socket addresses with
    /// `port`, in the order in which they should be tried.
    ///
    /// # Errors
    ///
    /// The future fails when the name cannot be resolved, or when the runtime is not there to run it.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

    /// Returns the time on this runtime's clock, which never goes back.
    fn now(&self) -> Instant;

    /// Returns 64 bits that differ from call to call and from process to process; for jitter, not
    /// for secrets.
    fn random(&self) -> u64;

    /// Returns a timer that is ready at `at` on this runtime's clock, or a little later.
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>>;

    /// Runs a task in the background until it ends.
    ///
    /// Where no task can be run it is dropped, which ends what it was doing.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// A timer that can be set again.
pub trait Sleep: Future<Output = ()> + Send {
    /// Sets the timer to another instant, whether or not it has fired.
    ///
    /// Whoever was waiting for it polls it again.
    fn reset(self: Pin<&mut Self>, at: Instant);
}

/// A stream of bytes in both directions.
///
/// Writes are not buffered above the operating system: there is nothing to flush. Dropping a
/// transport closes both directions at once.
///
/// Reads are based on readiness: a read that was pending and is abandoned has taken no bytes.
pub trait Transport: Debug + Send + 'static {
    /// Reads at most `buf.len()` bytes, at least one; 0 when the peer will send nothing more.
    ///
    /// # Errors
    ///
    /// Fails as the operating system does.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes a number of bytes from the front of `buf`, at least one, and returns how many.
    ///
    /// # Errors
    ///
    /// Fails as the operating system does.
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;

    /// Ends the direction in which we write; the peer's bytes can still be read.
    ///
    /// # Errors
    ///
    /// Fails as the operating system does.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A socket that waits for connections.
pub trait Listener: Debug + Send + 'static {
    /// Takes the next connection, with `TCP_NODELAY` set, and the address of its peer.
    ///
    /// # Errors
    ///
    /// Fails as the operating system does. Most failures concern one connection, or a shortage that
    /// passes: a server waits a moment and accepts again.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Transport>, SocketAddr)>>;

    /// Returns the address it listens on, with the port that was chosen.
    ///
    /// # Errors
    ///
    /// Fails as the operating system does.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}
