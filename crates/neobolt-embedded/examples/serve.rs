//! Serves an embedded database until it is killed: `cargo run -p neobolt-embedded --example serve [PORT] [DIRECTORY]`.
//!
//! Without a port the system chooses one, without a directory the database is temporary. The URI is printed.

use std::net::{Ipv4Addr, SocketAddr};

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
    std::future::pending().await
}
