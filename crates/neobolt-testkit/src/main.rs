//! A backend for TestKit, the conformance suite of Neo4j's official drivers.
//!
//! TestKit connects for each test and sends one request at a time, a block of JSON; the backend does with the driver what
//! the request says and answers. While it works on a request the driver may call back: the backend then asks TestKit, and
//! the next message is the answer. Every connection has a thread of its own, on which its requests are worked on; only what
//! the driver does in the background runs on the runtime.

mod backend;
mod callbacks;
mod clock;
mod error;
mod features;
mod handlers;
mod request;
mod response;
mod summary;
mod value;
mod wire;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use clap::{Parser, ValueEnum};
use neobolt::Pipelining;
use neobolt_io::Runtime;

use crate::backend::Backend;
use crate::clock::Clock;
use crate::wire::{Gone, Wire};

#[derive(Parser)]
struct Options {
    /// The runtime that the driver runs on
    #[arg(long, default_value = "tokio")]
    runtime: RuntimeName,
    /// The port to listen on, at 127.0.0.1
    #[arg(long, default_value_t = 9876)]
    port: u16,
    /// How much the driver sends before it waits for an answer
    #[arg(long, default_value = "official")]
    pipelining: PipeliningName,
}

#[derive(Clone, Copy, ValueEnum)]
enum RuntimeName {
    Tokio,
    AsyncStd,
}

#[derive(Clone, Copy, ValueEnum)]
enum PipeliningName {
    Official,
    Fewest,
}

impl From<PipeliningName> for Pipelining {
    fn from(name: PipeliningName) -> Self {
        match name {
            PipeliningName::Official => Self::Official,
            PipeliningName::Fewest => Self::Fewest,
        }
    }
}

fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let options = Options::parse();
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let pipelining = options.pipelining.into();
    match options.runtime {
        RuntimeName::Tokio => {
            let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            let handle = tokio.handle().clone();
            serve(&listener, move |testkit| {
                let _context = handle.enter();
                let gone = Gone::watch(testkit.try_clone()?);
                let backend = backend(testkit, neobolt_tokio::runtime(), pipelining);
                handle.block_on(backend.run(&gone))
            })
        }
        RuntimeName::AsyncStd => serve(&listener, move |testkit| {
            let gone = Gone::watch(testkit.try_clone()?);
            let backend = backend(testkit, neobolt_async_std::runtime(), pipelining);
            async_std::task::block_on(backend.run(&gone))
        }),
    }
}

fn backend(testkit: TcpStream, runtime: Arc<dyn Runtime>, pipelining: Pipelining) -> Backend {
    Backend::new(Arc::new(Wire::new(testkit)), Arc::new(Clock::new(runtime)), pipelining)
}

fn serve(
    listener: &TcpListener,
    work: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
) -> io::Result<()> {
    for testkit in listener.incoming() {
        let testkit = testkit?;
        testkit.set_nodelay(true)?;
        let work = work.clone();
        thread::spawn(move || {
            if let Err(error) = work(testkit) {
                eprintln!("the connection to TestKit ended: {error}");
            }
        });
    }
    Ok(())
}
