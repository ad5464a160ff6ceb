//! A connection's machine on its transport, with the deadlines of a server.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use neobolt_io::{Io, timeout_at};
use neobolt_proto::message::ServerRequest;
use neobolt_proto::{CloseReason, Endpoint, ServerConnection, ServerEvent};
use tracing::debug;

use crate::ServerConfig;
use crate::shutdown::{Phase, Presence};

/// What happens on a connection.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The client wants something. Not while a request is being answered.
    Request(ServerRequest),
    /// The client wants that what is going on be stopped: RESET is its next request.
    Interrupted,
    /// The transaction has taken too long.
    TimedOut,
    /// The connection is at its end.
    Ended,
}

/// The machine, its transport, and the way to the server.
#[derive(Debug)]
pub(crate) struct Wire {
    io: Io,
    guarded: Guarded,
    presence: Presence,
    config: Arc<ServerConfig>,
    /// Whether the client is still listened to for a moment when the connection ends.
    lingers: bool,
}

impl Wire {
    /// Puts a machine on a transport that has had its handshake.
    pub(crate) fn new(io: Io, machine: ServerConnection, presence: Presence, config: Arc<ServerConfig>) -> Self {
        let guarded = Guarded {
            machine,
            deadlines: Deadlines::default(),
            keep_alive: config.keep_alive.map(|silence| silence / 2),
            has_eof: false,
            unfinished: None,
            noop: &[],
        };
        Self { io, guarded, presence, config, lingers: false }
    }

    /// Returns the machine, to answer with.
    pub(crate) fn machine(&mut self) -> &mut ServerConnection {
        &mut self.guarded.machine
    }

    /// Returns the time.
    pub(crate) fn now(&self) -> Instant {
        self.io.runtime().now()
    }

    /// Sets when the connection ends, whatever it does.
    pub(crate) fn end_at(&mut self, at: Option<Instant>) {
        self.guarded.deadlines.set(Deadline::End, at);
    }

    /// Sets when the transaction has taken too long.
    pub(crate) fn time_out_at(&mut self, at: Option<Instant>) {
        self.guarded.deadlines.set(Deadline::Transaction, at);
    }

    /// Waits for what the client does next. When it does nothing and `is_idle`, the server may end the connection.
    pub(crate) async fn next(&mut self, is_idle: bool) -> Happening {
        self.guarded.deadlines.set(Deadline::KeepAlive, None);
        let patience = self.config.idle_timeout.and_then(|timeout| self.now().checked_add(timeout));
        self.guarded.deadlines.set(Deadline::Request, patience);
        let happening = poll_fn(|cx| {
            let happening = self.poll(cx);
            if happening.is_pending() && is_idle && self.presence.poll_phase(cx) == Phase::Finishing {
                return Poll::Ready(Happening::Ended);
            }
            happening
        })
        .await;
        self.guarded.deadlines.set(Deadline::Request, None);
        happening
    }

    /// Waits for `future` while a request is being answered, and drops it when something else happens.
    pub(crate) async fn during<F: Future>(&mut self, future: F) -> Result<F::Output, Happening> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.guarded.promise_life(self.io.runtime().now());
            self.poll(cx).map(Err)
        })
        .await
    }

    /// Lets others run and bytes flow, and waits until the client has read enough for more to be sent.
    pub(crate) async fn turn(&mut self) -> Result<(), Happening> {
        let mut others_ran = false;
        poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(happening) => Poll::Ready(Err(happening)),
            Poll::Pending if self.guarded.machine.is_congested() => Poll::Pending,
            Poll::Pending if others_ran => Poll::Ready(Ok(())),
            Poll::Pending => {
                others_ran = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await
    }

    /// Waits for `future`, whatever happens, unless the server ends; meanwhile what was said is written.
    pub(crate) async fn settle(&mut self, future: impl Future<Output = ()>) {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.presence.poll_phase(cx) == Phase::Closing || future.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            // A failure shows again when the connection is next driven.
            let _ = self.io.poll_flush(cx, &mut self.guarded);
            Poll::Pending
        })
        .await;
    }

    /// Ends the connection: what was said is written, and heard, for no longer than the configured time.
    pub(crate) async fn close(mut self) {
        hang_up(&mut self.io, &mut self.guarded, self.lingers, self.config.linger).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Happening> {
        loop {
            if self.presence.poll_phase(cx) == Phase::Closing {
                return Poll::Ready(Happening::Ended);
            }
            match self.guarded.machine.poll_event() {
                Some(ServerEvent::Request(request)) => return Poll::Ready(Happening::Request(request)),
                Some(ServerEvent::Interrupted) => return Poll::Ready(Happening::Interrupted),
                Some(ServerEvent::Closed(reason)) => {
                    debug!(%reason, "connection closed");
                    self.lingers = matches!(reason, CloseReason::Violation(_) | CloseReason::Refused);
                    return Poll::Ready(Happening::Ended);
                }
                Some(_) | None => {}
            }
            let unfinished = self.guarded.machine.unfinished_message();
            if self.guarded.unfinished != unfinished {
                self.guarded.unfinished = unfinished;
                let at = unfinished.map(|_| self.now() + self.config.message_timeout);
                self.guarded.deadlines.set(Deadline::Message, at);
            }
            if std::mem::take(&mut self.guarded.has_eof) {
                let at = self.now() + self.config.half_closed_timeout;
                self.guarded.deadlines.set(Deadline::LastAnswer, Some(at));
            }
            for deadline in [Deadline::End, Deadline::Message, Deadline::Request, Deadline::LastAnswer] {
                if self.guarded.deadlines.take_due(deadline) {
                    debug!(?deadline, "connection closed: the client took too long");
                    return Poll::Ready(Happening::Ended);
                }
            }
            if self.guarded.deadlines.take_due(Deadline::Transaction) {
                return Poll::Ready(Happening::TimedOut);
            }
            match self.io.poll_drive(cx, &mut self.guarded) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    debug!(%error, "connection lost");
                    return Poll::Ready(Happening::Ended);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Ends a connection: what `endpoint` has to say is written. A client that has been refused is listened to until it has
/// read why: closed with input unread, the connection would be reset, and our last words lost.
pub(crate) async fn hang_up(io: &mut Io, endpoint: &mut (dyn Endpoint + Send), refused: bool, linger: Duration) {
    let runtime = io.runtime().clone();
    let close = async {
        poll_fn(|cx| io.poll_flush(cx, endpoint)).await?;
        poll_fn(|cx| io.poll_close(cx)).await?;
        if refused {
            poll_fn(|cx| io.poll_drain(cx)).await;
        }
        std::io::Result::Ok(())
    };
    // Nobody is left to be told of a failure.
    let _ = timeout_at(&*runtime, runtime.now() + linger, close).await;
}

/// What a server waits for no longer than so.
#[derive(Clone, Copy, Debug)]
enum Deadline {
    /// The client's authentication.
    End,
    /// The rest of a message that has begun.
    Message,
    /// The end of the transaction.
    Transaction,
    /// The next request, while none is being answered.
    Request,
    /// The last answer to a client that has ended its stream.
    LastAnswer,
    /// Our next sign of life, while a request is being answered.
    KeepAlive,
}

/// The deadlines of a connection, by name, and those that were reached.
#[derive(Debug, Default)]
struct Deadlines {
    at: [Option<Instant>; 6],
    due: [bool; 6],
}

impl Deadlines {
    fn get(&self, deadline: Deadline) -> Option<Instant> {
        self.at[deadline as usize]
    }

    fn set(&mut self, deadline: Deadline, at: Option<Instant>) {
        self.at[deadline as usize] = at;
        self.due[deadline as usize] = false;
    }

    /// Returns whether the deadline was reached, and forgets it.
    fn take_due(&mut self, deadline: Deadline) -> bool {
        std::mem::take(&mut self.due[deadline as usize])
    }

    fn next(&self) -> Option<Instant> {
        self.at.into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        for (at, due) in self.at.iter_mut().zip(&mut self.due) {
            if at.is_some_and(|at| at <= now) {
                *at = None;
                *due = true;
            }
        }
    }
}

/// The machine with a server's deadlines around it, and with signs of life between its messages.
#[derive(Debug)]
struct Guarded {
    machine: ServerConnection,
    deadlines: Deadlines,
    /// How often the client is sent a sign of life while it waits.
    keep_alive: Option<Duration>,
    /// Whether the client has just ended its stream.
    has_eof: bool,
    /// The number of the message that has begun, which the deadline is for.
    unfinished: Option<u64>,
    /// What is left to write of a NOOP, which stands between two messages.
    noop: &'static [u8],
}

/// An empty chunk. Bolt specification, "Message transfer encoding", "NOOP chunk".
const NOOP: &[u8] = &[0, 0];

impl Guarded {
    /// Sends signs of life from now on.
    fn promise_life(&mut self, now: Instant) {
        if let (Some(interval), None) = (self.keep_alive, self.deadlines.get(Deadline::KeepAlive)) {
            self.deadlines.set(Deadline::KeepAlive, Some(now + interval));
        }
    }
}

impl Endpoint for Guarded {
    fn receive_buffer(&mut self) -> &mut [u8] {
        self.machine.receive_buffer()
    }

    fn handle_input(&mut self, now: Instant, len: usize) {
        self.machine.handle_input(now, len);
    }

    fn handle_eof(&mut self) {
        self.has_eof = true;
        self.machine.handle_eof();
    }

    fn outlives_peer(&self) -> bool {
        self.machine.outlives_peer()
    }

    fn wants_input(&self) -> bool {
        self.machine.wants_input()
    }

    fn transmit(&self) -> &[u8] {
        if self.noop.is_empty() { self.machine.transmit() } else { self.noop }
    }

    fn transmitted(&mut self, len: usize) {
        match self.noop.get(len..) {
            Some(rest) if !self.noop.is_empty() => self.noop = rest,
            _ => self.machine.transmitted(len),
        }
    }

    fn handle_waiting(&mut self, now: Instant) {
        self.machine.handle_waiting(now);
    }

    fn handle_idle(&mut self) {
        self.machine.handle_idle();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next().into_iter().chain(self.machine.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.machine.handle_timeout(now);
        self.deadlines.handle_timeout(now);
        if self.deadlines.take_due(Deadline::KeepAlive) {
            self.promise_life(now);
            if self.machine.transmit().is_empty() {
                self.noop = NOOP;
            }
        }
    }
}
