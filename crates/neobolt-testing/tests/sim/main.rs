//! The scenarios in the simulation, and what only a virtual clock and a faulty network can show.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to panic")]

mod auth;
mod faults;
mod hostile;
mod round_trips;
mod scripted;
mod streams;
mod suite;
mod time;

use std::sync::Arc;
use std::time::Duration;

use neobolt::{Driver, DriverBuilder};
use neobolt_io::Runtime;
use neobolt_server::{Server, ServerConfig};
use neobolt_testing::model::ModelBackend;
use neobolt_testing::sim::Sim;

/// A model server in a simulation.
struct World {
    sim: Sim,
    model: ModelBackend,
    server: Server,
}

impl World {
    fn new(seed: u64) -> Self {
        Self::with_latency(seed, Duration::ZERO)
    }

    /// Makes a world in which each query takes `latency`.
    fn with_latency(seed: u64, latency: Duration) -> Self {
        let sim = Sim::new(seed);
        let model = ModelBackend::new(sim.runtime(), latency);
        let server = sim.block_on(model.serve(ServerConfig::default())).unwrap();
        Self { sim, model, server }
    }

    fn runtime(&self) -> Arc<dyn Runtime> {
        self.sim.runtime()
    }

    fn builder(&self) -> DriverBuilder {
        Driver::builder(self.runtime(), &self.server.uri(), ModelBackend::auth())
    }

    fn driver(&self) -> Driver {
        self.builder().build().unwrap()
    }

    /// Returns how long `work` takes, and what comes of it.
    fn timed<T>(&self, work: impl Future<Output = T>) -> (Duration, T) {
        let start = self.sim.elapsed();
        let output = self.sim.block_on(work);
        (self.sim.elapsed() - start, output)
    }

    async fn sleep(&self, duration: Duration) {
        let runtime = self.runtime();
        runtime.sleep_until(runtime.now() + duration).await;
    }
}
