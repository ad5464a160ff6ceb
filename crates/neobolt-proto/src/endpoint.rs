//! A machine as an IO loop sees it: bytes, an end, a clock.

use std::time::Instant;

/// Describes one end of a connection to the loop that moves its bytes.
///
/// Both roles implement it, and so does whatever wraps a machine, such as a layer of TLS. The trait
/// has three kinds of method:
///
/// - *input*: while [`wants_input`](Self::wants_input) is true, bytes are read straight into
///   [`receive_buffer`](Self::receive_buffer) and announced by [`handle_input`](Self::handle_input);
///   the end of the stream is announced by [`handle_eof`](Self::handle_eof);
/// - *output*: what [`transmit`](Self::transmit) lends is written, and
///   [`transmitted`](Self::transmitted) says how much of it has gone;
/// - *time*: the machine never reads a clock. It is told `now`, and says by
///   [`poll_timeout`](Self::poll_timeout) when it wants to be told again.
///
/// Events are no part of it: they are polled from the machine itself by those who know its role,
/// after every turn of the loop and before the next. Calls are safe in any order. All state is in
/// the machine, half-written output included, so the loop may be abandoned between any two calls.
pub trait Endpoint {
    /// Lends the space into which the next bytes of the peer are read.
    ///
    /// It is not empty while [`wants_input`](Self::wants_input) is true. Lending it changes nothing:
    /// a caller that reads nothing need not say so.
    fn receive_buffer(&mut self) -> &mut [u8];

    /// Takes note that the peer's next `len` bytes stand at the front of
    /// [`receive_buffer`](Self::receive_buffer).
    ///
    /// The bytes are stored; what is wrong with them shows as an event. A `len` greater than the
    /// buffer that was lent is taken as the buffer's length.
    fn handle_input(&mut self, now: Instant, len: usize);

    /// Takes note that the peer will send nothing more.
    ///
    /// The machine is closed, which shows as its last event, after those of the bytes before it.
    fn handle_eof(&mut self);

    /// Returns whether the machine still has something to say, or to find out, for a peer that has ended its stream.
    ///
    /// The loop then goes on without reading. A client has not; a server may have requests to answer.
    fn outlives_peer(&self) -> bool {
        false
    }

    /// Returns whether bytes should be read now.
    ///
    /// It is false above a high-water mark and once the machine is closed. Not reading makes the
    /// peer's own sends wait, which is the back-pressure.
    fn wants_input(&self) -> bool;

    /// Lends the bytes to write now; empty when there are none.
    fn transmit(&self) -> &[u8];

    /// Takes note that the first `len` bytes of [`transmit`](Self::transmit) have been written.
    fn transmitted(&mut self, len: usize);

    /// Takes note that somebody now waits for the peer.
    ///
    /// It arms the deadline for the peer's next bytes unless that is armed already, so that it may
    /// be called again and again during one wait.
    fn handle_waiting(&mut self, now: Instant);

    /// Takes note that nobody waits for the peer any more, and disarms the deadline for its bytes.
    ///
    /// The loop cannot know this: whoever stops driving the machine, for instance because its future
    /// was dropped, says so before the machine is put aside.
    fn handle_idle(&mut self);

    /// Returns the instant at which [`handle_timeout`](Self::handle_timeout) should be called next;
    /// `None` when the machine waits for no instant.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Does what is due at `now`; nothing when nothing is.
    ///
    /// Afterwards [`poll_timeout`](Self::poll_timeout) is later than `now`, or `None`.
    fn handle_timeout(&mut self, now: Instant);
}
