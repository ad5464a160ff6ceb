use std::future::poll_fn;
use std::time::Duration;

use async_std::task::block_on;

use super::*;

async fn read(transport: &mut Box<dyn Transport>) -> Vec<u8> {
    let mut buf = [0; 64];
    let len = poll_fn(|cx| transport.poll_read(cx, &mut buf)).await.unwrap();
    buf[..len].to_vec()
}

#[test]
fn bytes_go_both_ways_and_close_ends_one() {
    block_on(async {
        let runtime = runtime();
        let mut listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let to = listener.local_addr().unwrap();
        runtime.spawn(Box::pin(async move {
            for _ in 0..2 {
                let (mut server, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
                assert_eq!(read(&mut server).await, b"ping");
                assert_eq!(read(&mut server).await, b"");
                assert_eq!(poll_fn(|cx| server.poll_write(cx, b"pong")).await.unwrap(), 4);
            }
        }));
        for _ in 0..2 {
            let mut client = runtime.connect(to).await.unwrap();
            assert_eq!(poll_fn(|cx| client.poll_write(cx, b"ping")).await.unwrap(), 4);
            poll_fn(|cx| client.poll_close(cx)).await.unwrap();
            assert_eq!(read(&mut client).await, b"pong");
            assert_eq!(read(&mut client).await, b"");
        }
    });
}

#[test]
fn streams_do_not_delay_small_writes() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        transport(stream.clone()).unwrap();
        assert!(stream.nodelay().unwrap());
    });
}

#[test]
fn names_and_literals_are_resolved() {
    block_on(async {
        let literal = runtime().resolve("::1", 7687).await.unwrap();
        assert_eq!(literal, ["[::1]:7687".parse().unwrap()]);
        let local = runtime().resolve("localhost", 7687).await.unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback()), "{local:?}");
    });
}

#[test]
fn a_timer_fires_and_is_set_again() {
    block_on(async {
        let runtime = runtime();
        let start = runtime.now();
        let mut sleep = runtime.sleep_until(start + Duration::from_secs(3600));
        sleep.as_mut().reset(start + Duration::from_millis(20));
        sleep.as_mut().await;
        assert!(runtime.now() >= start + Duration::from_millis(20));
        sleep.as_mut().reset(start + Duration::from_millis(40));
        sleep.await;
        assert!(runtime.now() >= start + Duration::from_millis(40));
    });
}

#[test]
fn random_numbers_differ() {
    assert_ne!(runtime().random(), runtime().random());
}
