//! Recorded streams, a server that replays them, and the hand-written loops that the record path is measured against.

pub mod raw;
pub mod read;
pub mod replay;
pub mod shapes;
