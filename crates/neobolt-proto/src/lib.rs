//! The Bolt protocol without IO.
//!
//! Bytes go in, bytes come out, and time is an argument: nothing in this crate reads a clock, opens a socket or
//! starts a thread. A driver takes [`ClientHandshake`] and [`ClientConnection`], a server takes [`ServerHandshake`] and
//! [`ServerConnection`]; both roles read the same transition table, [`state`].
//!
//! # The event loop
//!
//! A machine has four kinds of methods, which may be called in any order:
//!
//! * *facts*: nouns such as [`ClientConnection::version`]; they change nothing.
//! * *commands*: bare verbs such as [`ClientConnection::send`]. They append to the bytes to transmit; pipelining is
//!   calling twice.
//! * *what the world did*: the `handle_*` methods of [`Endpoint`]. They store, and decide nothing.
//! * *what happens next*: [`ClientConnection::poll_event`] decodes one message (or one batch of records),
//!   [`Endpoint::transmit`] lends the bytes to write, [`Endpoint::poll_timeout`] names the next deadline.
//!
//! An adapter polls events until there are none, writes what there is to write, reads into
//! [`Endpoint::receive_buffer`] while [`Endpoint::wants_input`], and begins again.
//!
//! Errors say who is to blame: [`SendError`] is ours and leaves the connection untouched, [`PeerViolation`] is theirs and
//! closes it, [`Failure`] is the server's word.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod auth;
pub mod batch;
mod chunk;
mod client;
mod endpoint;
mod error;
pub mod handshake;
pub mod message;
pub mod parameters;
mod server;
pub mod state;
pub mod structure;
pub mod value;
pub mod version;

pub use auth::Auth;
pub use batch::{Keys, Record, RecordBatch, RecordRef};
pub use client::{ClientConnection, ClientLimits, Event, RequestId, ServerHello};
pub use endpoint::Endpoint;
pub use error::{CloseReason, Failure, GqlErrorClassification, PeerViolation, SendError, complete_diagnostic_record};
pub use handshake::{ClientHandshake, HandshakeError, ServerHandshake};
pub use parameters::Parameters;
pub use server::{ServerConnection, ServerEvent, ServerLimits};
pub use value::{Map, Str, Structure, Value};
pub use version::Version;
