//! Serves an embedded database to Bolt clients, until Ctrl-C or SIGTERM.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use neobolt_embedded::{Embedded, serve};

/// Serves an embedded graph database to Bolt clients.
///
/// Prints the URI that drivers connect to, as one line, when it is ready. Ctrl-C or SIGTERM ends it: running transactions
/// get five seconds to finish.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port to listen on; 0 lets the system choose one.
    #[arg(long, default_value_t = 7687)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The directory that keeps the database, made if it is not there; without it the database is temporary.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The user that is let in.
    #[arg(long, default_value = "neo4j", requires = "password")]
    user: String,
    /// The user's password; without it everybody is let in.
    #[arg(long, env = "NEOBOLT_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// How long running transactions may take when the server is to end.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut embedded = match arguments.data {
        Some(directory) => Embedded::open(directory)?,
        None => Embedded::temporary()?,
    };
    if let Some(password) = arguments.password {
        embedded = embedded.with_credentials(&arguments.user, &password);
    }
    let address = SocketAddr::new(arguments.host, arguments.port);
    // From here on a signal does not end the process but the wait for it, so that a temporary database is removed.
    let signals = Signals::new()?;
    let server = serve(neobolt_tokio::runtime(), embedded, address).await?;
    writeln!(io::stdout(), "{}", server.uri())?;
    signals.one().await;
    server.shutdown(Instant::now() + PATIENCE).await;
    Ok(())
}

/// The signals that end the server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn one(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn one(self) {
        // It fails where there is no such signal; nothing else would end the server then.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
