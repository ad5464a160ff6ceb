//! Scenarios that every runtime and server runs, a scripted server, and a simulated runtime.

pub mod model;
pub mod queries;
pub mod scenario;
pub mod sim;
