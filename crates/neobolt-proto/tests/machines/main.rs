//! The two machines against each other, against the specification, and against peers that break it.
#![expect(clippy::unwrap_used, reason = "what fails here is a test")]

mod documents;
mod hostile;
mod pair;
mod properties;
mod rules;
mod talk;
mod wire;
