//! The IO loop: the only place where wakers, a transport and a machine meet.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use neobolt_proto::Endpoint;

use crate::timer::Timer;
use crate::{Runtime, Transport};

/// How many reads and writes may succeed in a row before the task lets others run: enough that one
/// extra wake-up among them costs nothing, few enough that a flooding peer holds up nobody.
const BUDGET: u32 = 64;

/// How long the peer's last words are waited for after a write has failed. They have arrived by
/// then, but the runtime may not have noticed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Moves bytes between a transport and an [`Endpoint`], and keeps the endpoint's deadlines.
///
/// Nothing is ever held by a future: half-written output is in the endpoint, the timer is here. So
/// whoever drives a connection may be dropped at any await, and the next one goes on.
///
/// The loop of a caller is the same in both roles: poll the machine for an event; when there is
/// none, take one turn by [`poll_drive`](Self::poll_drive), and begin again when it is ready.
#[derive(Debug)]
pub struct Io {
    transport: Box<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    timer: Timer,
    budget: u32,
    /// The peer has ended its stream, or reading has failed.
    read_ended: bool,
    /// Why writing has failed, and until when to read on.
    write_failed: Option<(io::Error, Instant)>,
}

impl Io {
    /// Creates the loop of a connection that was just made or accepted.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>, transport: Box<dyn Transport>) -> Self {
        Self { transport, runtime, timer: Timer::default(), budget: BUDGET, read_ended: false, write_failed: None }
    }

    /// Returns the runtime the connection lives on.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    /// Takes one turn in both directions: writes what can be written, then reads what can be read.
    ///
    /// It is ready as soon as something happened from which the endpoint may make an event: input,
    /// the end of the stream, a deadline. Poll all events before the next turn, for the endpoint
    /// may want no input until then.
    ///
    /// While it is pending, the task is woken for every direction that has something to do. A
    /// writer that fills the endpoint piece by piece therefore looks at the length of
    /// [`transmit`](Endpoint::transmit) whenever it is polled. After many reads and writes in a row
    /// a turn is pending once, with the task woken, to let other tasks run. An endpoint that wants no
    /// input and has no output is waited for by its caller; of the turn only its deadline is left.
    ///
    /// # Errors
    ///
    /// Fails when reading fails; when writing has failed and the peer has nothing more to say, for
    /// what it sent before it closed is delivered first; and with
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the peer has ended its stream in an
    /// earlier turn, there is nothing to write, and the endpoint does not outlive it. The endpoint has
    /// been told of the end, and the connection is of no more use.
    pub fn poll_drive(&mut self, cx: &mut Context<'_>, endpoint: &mut dyn Endpoint) -> Poll<io::Result<()>> {
        if self.budget == 0 {
            return self.pause(cx);
        }
        let writing = self.poll_transmit(cx, endpoint).is_pending();
        let reading = !self.read_ended && endpoint.wants_input();
        if reading {
            if let Poll::Ready(read) = self.poll_receive(cx, endpoint) {
                self.budget = self.budget.saturating_sub(1);
                return Poll::Ready(read);
            }
        } else if let Some((error, _)) = self.write_failed.take() {
            return self.fail(endpoint, error);
        } else if self.read_ended && !writing && !endpoint.outlives_peer() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the peer has closed the connection",
            )));
        }

        let now = self.runtime.now();
        if reading || writing {
            endpoint.handle_waiting(now);
        }
        let last_words = self.write_failed.as_ref().map(|(_, until)| *until);
        let Some(deadline) = endpoint.poll_timeout().into_iter().chain(last_words).min() else {
            self.budget = BUDGET;
            return Poll::Pending;
        };
        let Poll::Ready(now) = self.timer.poll(cx, &*self.runtime, now, deadline) else {
            self.budget = BUDGET;
            return Poll::Pending;
        };
        self.budget = self.budget.saturating_sub(1);
        if last_words.is_some_and(|until| now >= until) {
            if let Some((error, _)) = self.write_failed.take() {
                return self.fail(endpoint, error);
            }
        }
        endpoint.handle_timeout(now);
        debug_assert!(
            endpoint.poll_timeout().is_none_or(|next| next > now),
            "a timeout that was handled must move its deadline"
        );
        Poll::Ready(Ok(()))
    }

    /// Writes until the endpoint has nothing more to write; reads nothing and keeps no deadline.
    ///
    /// # Errors
    ///
    /// Fails when writing fails, now or in an earlier turn.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>, endpoint: &mut dyn Endpoint) -> Poll<io::Result<()>> {
        let written = self.poll_transmit(cx, endpoint);
        if let Some((error, _)) = self.write_failed.take() {
            return Poll::Ready(Err(error));
        }
        if written.is_pending() {
            self.budget = BUDGET;
        }
        written.map(Ok)
    }

    /// Ends the direction in which we write. Dropping the value closes the connection.
    ///
    /// # Errors
    ///
    /// Fails when the transport does.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.poll_close(cx)
    }

    /// Reads and throws away what the peer still sends, until it ends its stream.
    ///
    /// Called after [`poll_close`](Self::poll_close), for no longer than a deadline of the caller's:
    /// a connection that is dropped with unread input is reset, and the peer may lose our last
    /// message.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        while !self.read_ended {
            if self.budget == 0 {
                return self.pause(cx);
            }
            match self.transport.poll_read(cx, &mut scratch) {
                Poll::Ready(Ok(0) | Err(_)) => self.read_ended = true,
                Poll::Ready(Ok(_)) => self.budget -= 1,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    /// Lets other tasks run, and comes back.
    fn pause<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.budget = BUDGET;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes until nothing is left, or writing has failed; pending while some is left.
    fn poll_transmit(&mut self, cx: &mut Context<'_>, endpoint: &mut dyn Endpoint) -> Poll<()> {
        if self.write_failed.is_some() {
            return Poll::Ready(());
        }
        loop {
            let bytes = endpoint.transmit();
            if bytes.is_empty() {
                return Poll::Ready(());
            }
            if self.budget == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let error = match self.transport.poll_write(cx, bytes) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => io::Error::from(io::ErrorKind::WriteZero),
                Poll::Ready(Ok(len)) => {
                    self.budget -= 1;
                    endpoint.transmitted(len);
                    continue;
                }
                Poll::Ready(Err(error)) => error,
            };
            self.write_failed = Some((error, self.runtime.now() + LAST_WORDS));
            return Poll::Ready(());
        }
    }

    /// Reads once, and tells the endpoint.
    fn poll_receive(&mut self, cx: &mut Context<'_>, endpoint: &mut dyn Endpoint) -> Poll<io::Result<()>> {
        let buffer = endpoint.receive_buffer();
        debug_assert!(!buffer.is_empty(), "an endpoint that wants input has space for it");
        match self.transport.poll_read(cx, buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => match self.write_failed.take() {
                Some((error, _)) => self.fail(endpoint, error),
                None => {
                    self.read_ended = true;
                    endpoint.handle_eof();
                    Poll::Ready(Ok(()))
                }
            },
            Poll::Ready(Ok(len)) => {
                endpoint.handle_input(self.runtime.now(), len);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => self.fail(endpoint, error),
        }
    }

    /// Tells the endpoint that it is the end, and the caller why.
    fn fail(&mut self, endpoint: &mut dyn Endpoint, error: io::Error) -> Poll<io::Result<()>> {
        if !self.read_ended {
            self.read_ended = true;
            endpoint.handle_eof();
        }
        Poll::Ready(Err(error))
    }
}

#[cfg(test)]
mod tests;
