//! A server on real sockets: accepting, refusing, ending.

#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::future::ready;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use neobolt_io::BoxFuture;
use neobolt_proto::Failure;
use neobolt_server::{
    Backend, BackendSession, Credentials, Query, QueryResult, Server, ServerConfig, Summary, TransactionOptions,
};

/// A backend that has nothing.
#[derive(Debug)]
struct Empty;

impl Backend for Empty {
    fn authenticate(
        &self,
        _peer: SocketAddr,
        _credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        Box::pin(ready(Ok(Box::new(Self) as Box<dyn BackendSession>)))
    }
}

impl BackendSession for Empty {
    fn begin(&mut self, _options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn run(&mut self, _query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        Box::pin(ready(Ok(QueryResult::buffered(Vec::new(), Vec::new(), Summary::default()))))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        Box::pin(ready(Ok(None)))
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

async fn serve(max_connections: usize) -> Server {
    let mut config = ServerConfig::default();
    config.max_connections = max_connections;
    Server::bind(neobolt_tokio::runtime(), "127.0.0.1:0".parse().unwrap(), Arc::new(Empty), config).await.unwrap()
}

/// Connects and authenticates with Bolt 4.4.
fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&[&[0x60, 0x60, 0xB0, 0x17, 0, 0, 4, 4][..], &[0; 12]].concat()).unwrap();
    // HELLO {}
    stream.write_all(&[0, 3, 0xB1, 0x01, 0xA0, 0, 0]).unwrap();
    let mut agreed = [0; 4];
    stream.read_exact(&mut agreed).unwrap();
    assert_eq!(agreed, [0, 0, 4, 4]);
    assert_eq!(receive(&mut stream)[1], 0x70);
    stream
}

/// Reads a message of one chunk.
fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut header = [0; 2];
    stream.read_exact(&mut header).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(header)) + 2];
    stream.read_exact(&mut message).unwrap();
    message
}

fn is_ended(mut stream: TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Ok(0))
}

/// BEGIN {}
const BEGIN: [u8; 7] = [0, 3, 0xB1, 0x11, 0xA0, 0, 0];
/// COMMIT
const COMMIT: [u8; 6] = [0, 2, 0xB0, 0x12, 0, 0];

#[test]
fn shutting_down_lets_transactions_finish() {
    let runtime = runtime();
    let server = runtime.block_on(serve(10));
    assert_eq!(server.uri(), format!("bolt://{}", server.local_addr()));
    let idle = connect(&server);
    let mut busy = connect(&server);
    busy.write_all(&BEGIN).unwrap();
    assert_eq!(receive(&mut busy)[1], 0x70);
    assert_eq!(server.connections(), 2);
    let address = server.local_addr();
    let down = runtime.spawn(server.shutdown(Instant::now() + Duration::from_secs(60)));
    assert!(is_ended(idle));
    assert!(TcpStream::connect(address).is_err());
    busy.write_all(&COMMIT).unwrap();
    assert_eq!(receive(&mut busy)[1], 0x70);
    assert!(is_ended(busy));
    runtime.block_on(down).unwrap();
}

#[test]
fn shutting_down_ends_with_the_deadline() {
    let runtime = runtime();
    let server = runtime.block_on(serve(10));
    let mut busy = connect(&server);
    busy.write_all(&BEGIN).unwrap();
    assert_eq!(receive(&mut busy)[1], 0x70);
    runtime.block_on(server.shutdown(Instant::now() + Duration::from_millis(100)));
    assert!(is_ended(busy));
}

#[test]
fn who_does_not_speak_bolt_can_read_what_it_is_told() {
    let runtime = runtime();
    let server = runtime.block_on(serve(10));
    let mut stream = TcpStream::connect(server.local_addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // No version that there is, and then what it would have said next: were it not read, the connection would be reset.
    stream.write_all(&[&[0x60, 0x60, 0xB0, 0x17, 0, 0, 0, 9][..], &[0; 12]].concat()).unwrap();
    stream.write_all(&[7; 10_000]).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [0; 4]);
}

#[test]
fn one_connection_too_many_is_closed_and_a_dropped_server_keeps_the_others() {
    let runtime = runtime();
    let server = runtime.block_on(serve(1));
    let mut first = connect(&server);
    assert!(is_ended(TcpStream::connect(server.local_addr()).unwrap()));
    drop(server);
    first.write_all(&[BEGIN.as_slice(), &COMMIT].concat()).unwrap();
    assert_eq!(receive(&mut first)[1], 0x70);
    assert_eq!(receive(&mut first)[1], 0x70);
}
