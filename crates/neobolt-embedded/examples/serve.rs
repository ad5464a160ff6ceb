//! Serves an embedded database until Ctrl-C: `cargo run -p neobolt-embedded --example serve [PORT] [DIRECTORY]`.
//!
//! Without a port the system chooses one, without a directory the database is temporary. The URI is printed.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use neobolt_embedded::{Embedded, serve};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let embedded = match arguments.next() {
        Some(directory) => Embedded::open(directory)?,
        None => Embedded::temporary()?,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = serve(neobolt_tokio::runtime(), embedded, address).await?;
    println!("{}", server.uri());
    tokio::signal::ctrl_c().await?;
    // Running transactions may end; the files of a temporary database go with the server.
    server.shutdown(Instant::now() + PATIENCE).await;
    Ok(())
}

/// How long running transactions may take when the server is to end.
const PATIENCE: Duration = Duration::from_secs(5);
