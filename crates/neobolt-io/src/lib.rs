//! The runtime a Bolt endpoint needs, as a value, and the one IO loop for both roles.
//!
//! - [`Runtime`] is everything a runtime does for us: connect, listen, resolve, a clock, chance, a
//!   timer, a task. It is object safe and held as `Arc<dyn Runtime>`, so no type above it has a
//!   type parameter for it.
//! - [`Io`] moves bytes between a [`Transport`] and any
//!   [`Endpoint`](neobolt_proto::Endpoint), client or server, and keeps its deadlines.
//! - [`timeout_at`] bounds a future by a deadline.
//!
//! An adapter for a new runtime implements [`Runtime`], [`Transport`], [`Listener`] and [`Sleep`],
//! and nothing else.

mod io;
mod runtime;
mod timeout;
mod timer;

pub use futures_core::future::BoxFuture;

pub use self::io::Io;
pub use self::runtime::{Listener, Runtime, Sleep, Transport};
pub use self::timeout::{Elapsed, timeout_at};
