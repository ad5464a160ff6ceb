//! A simulated runtime: one thread, a virtual clock, a network in memory, and one seed.
//!
//! Everything that is left to chance elsewhere is drawn from the seed here: which of several ready
//! tasks runs next, how reads and writes are split, how long bytes travel, when a socket pretends
//! not to be ready. Two runs with the same seed are therefore the same to the byte, which
//! [`Sim::trace`] proves; and a seed that fails can be run again.
//!
//! ```
//! use neobolt_testing::sim::Sim;
//! use std::time::Duration;
//!
//! let sim = Sim::new(7);
//! let runtime = sim.runtime();
//! let start = runtime.now();
//! sim.block_on(runtime.sleep_until(start + Duration::from_secs(3600))); // takes no time
//! assert_eq!(sim.elapsed(), Duration::from_secs(3600));
//! ```

mod chance;
mod clock;
mod executor;
mod net;
mod pipe;
mod runtime;
mod trace;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use neobolt_io::Runtime;

use self::chance::Chance;
use self::clock::Clock;
use self::executor::Tasks;
use self::net::Net;
pub use self::net::{Direction, Fault};
use self::runtime::SimRuntime;
use self::trace::Trace;

/// Simulates a runtime and the network its connections go through.
///
/// Background tasks live from one [`block_on`](Self::block_on) to the next, and are dropped with
/// this value.
#[derive(Debug)]
pub struct Sim {
    core: Arc<Core>,
}

impl Sim {
    /// Creates a simulation in which all chance comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            core: Arc::new(Core {
                world: Mutex::new(World { env: Env::new(seed), net: Net::new() }),
                tasks: Mutex::default(),
            }),
        }
    }

    /// Returns the runtime, for whatever is to live in this simulation.
    #[must_use]
    pub fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::new(SimRuntime::new(Arc::clone(&self.core)))
    }

    /// Runs `future`, and the tasks it spawns, until it is ready.
    ///
    /// Time stands still while any task is ready, then jumps to the next timer.
    ///
    /// # Panics
    ///
    /// Panics when nothing is ready and no timer is set, for then nothing will ever happen again;
    /// and when ten million polls pass without the clock moving.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        executor::block_on(&self.core, future)
    }

    /// Returns how far the clock has moved since the simulation was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.core.world().env.clock.elapsed()
    }

    /// Returns a hash of every scheduling decision, every step of the clock and every byte
    /// transferred so far.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.core.world().env.trace.hash()
    }

    /// Keeps what is hashed from now on, for [`trace_bytes`](Self::trace_bytes).
    pub fn keep_trace(&self) {
        self.core.world().env.trace.keep();
    }

    /// Returns what was hashed since [`keep_trace`](Self::keep_trace).
    #[must_use]
    pub fn trace_bytes(&self) -> Vec<u8> {
        self.core.world().env.trace.bytes().to_vec()
    }

    /// Sets how long a piece of data travels in one direction; by default 50 to 500 µs.
    pub fn set_latency(&self, latency: RangeInclusive<Duration>) {
        self.core.world().env.latency = latency;
    }

    /// Sets whether reads and writes are split at random, and sockets pretend now and then not to be
    /// ready; by default they do.
    pub fn set_fragmentation(&self, fragment: bool) {
        self.core.world().env.fragment = fragment;
    }

    /// Sets the addresses a host name resolves to; none makes it unknown again. `localhost` is known
    /// from the start.
    pub fn set_name(&self, host: &str, addresses: &[IpAddr]) {
        self.core.world().net.set_name(host, addresses);
    }

    /// Breaks the next connection that is made to `server`, once `after` bytes have been written in
    /// one direction. Called several times, it breaks the connections that follow, in turn.
    pub fn break_next(&self, server: SocketAddr, direction: Direction, after: u64, fault: Fault) {
        self.core.world().net.break_next(server, direction, after, fault);
    }

    /// Sets whether attempts to connect to `server` are swallowed: neither accepted nor refused.
    pub fn set_unreachable(&self, server: SocketAddr, unreachable: bool) {
        self.core.world().net.set_unreachable(server, unreachable);
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        executor::clear(&self.core); // tasks hold the runtime, which holds the tasks
    }
}

/// What the runtime shares: the world its tasks live in, and the tasks.
///
/// Neither lock is held while a task runs or is dropped.
#[derive(Debug)]
struct Core {
    world: Mutex<World>,
    tasks: Mutex<Tasks>,
}

#[derive(Debug)]
struct World {
    env: Env,
    net: Net,
}

/// What governs everything that happens, and remembers it.
#[derive(Debug)]
struct Env {
    chance: Chance,
    clock: Clock,
    trace: Trace,
    latency: RangeInclusive<Duration>,
    fragment: bool,
}

impl Env {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            clock: Clock::new(),
            trace: Trace::default(),
            latency: Duration::from_micros(50)..=Duration::from_micros(500),
            fragment: true,
        }
    }

    /// Returns when something that is sent now arrives.
    fn arrival(&mut self) -> Instant {
        self.clock.now() + self.chance.duration(&self.latency)
    }
}

impl Core {
    fn world(&self) -> MutexGuard<'_, World> {
        // A test that panics under the lock has said why; what is dropped after it need not panic too.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
