use std::future::poll_fn;
use std::sync::mpsc;
use std::task::Waker;
use std::time::Duration;

use super::*;

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn poll_once<T>(mut future: BoxFuture<'static, T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

async fn read(transport: &mut Box<dyn Transport>) -> Vec<u8> {
    let mut buf = [0; 64];
    let len = poll_fn(|cx| transport.poll_read(cx, &mut buf)).await.unwrap();
    buf[..len].to_vec()
}

#[test]
fn bytes_go_both_ways_and_close_ends_one() {
    tokio().block_on(async {
        let runtime = runtime();
        let mut listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let to = listener.local_addr().unwrap();
        runtime.spawn(Box::pin(async move {
            let (mut server, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            assert_eq!(read(&mut server).await, b"ping");
            assert_eq!(read(&mut server).await, b"");
            assert_eq!(poll_fn(|cx| server.poll_write(cx, b"pong")).await.unwrap(), 4);
        }));
        let mut client = runtime.connect(to).await.unwrap();
        assert_eq!(poll_fn(|cx| client.poll_write(cx, b"ping")).await.unwrap(), 4);
        poll_fn(|cx| client.poll_close(cx)).await.unwrap();
        assert_eq!(read(&mut client).await, b"pong");
        assert_eq!(read(&mut client).await, b"");
    });
}

#[test]
fn both_ends_send_small_writes_at_once() {
    tokio().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        transport(client).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let shared = server.into_std().unwrap();
        let copy = TcpStream::from_std(shared.try_clone().unwrap()).unwrap();
        transport(copy).unwrap();
        assert!(shared.nodelay().unwrap());
    });
}

#[test]
fn names_and_literals_are_resolved() {
    tokio().block_on(async {
        let literal = runtime().resolve("::1", 7687).await.unwrap();
        assert_eq!(literal, ["[::1]:7687".parse().unwrap()]);
        let local = runtime().resolve("localhost", 7687).await.unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback()), "{local:?}");
    });
}

#[test]
fn nothing_panics_without_a_runtime() {
    let runtime = runtime();
    let address = "127.0.0.1:1".parse().unwrap();
    let text = |error: io::Error| error.to_string();
    let Poll::Ready(Err(connect)) = poll_once(runtime.connect(address)) else { panic!() };
    assert_eq!(text(connect), "no tokio runtime: neobolt-tokio must be used within one");
    assert!(matches!(poll_once(runtime.listen(address)), Poll::Ready(Err(_))));
    assert!(matches!(poll_once(runtime.resolve("localhost", 1)), Poll::Ready(Err(_))));

    let (sender, receiver) = mpsc::channel::<()>();
    runtime.spawn(Box::pin(async move { drop(sender) }));
    assert_eq!(receiver.recv(), Err(mpsc::RecvError), "the task is dropped");

    let mut sleep = runtime.sleep_until(runtime.now() + Duration::from_secs(3600));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(sleep.as_mut().poll(cx).is_pending());
    sleep.as_mut().reset(runtime.now());
    assert!(sleep.as_mut().poll(cx).is_ready());
}

#[test]
fn a_remembered_runtime_serves_other_threads() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let runtime = tokio.block_on(async { runtime() });
    let (sender, receiver) = mpsc::channel();
    runtime.spawn(Box::pin(async move { sender.send(()).unwrap() }));
    assert_eq!(receiver.recv(), Ok(()));
    assert!(poll_once(runtime.listen("127.0.0.1:0".parse().unwrap())).is_ready());
}

#[test]
fn the_clock_can_be_paused() {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    tokio.unwrap().block_on(async {
        let runtime = runtime();
        let real = Instant::now();
        let start = runtime.now();
        let mut sleep = runtime.sleep_until(start + Duration::from_secs(60));
        sleep.as_mut().await;
        sleep.as_mut().reset(start + Duration::from_secs(3600));
        sleep.await;
        assert!(runtime.now() >= start + Duration::from_secs(3600));
        assert!(real.elapsed() < Duration::from_secs(30));
    });
}

#[test]
fn random_numbers_differ() {
    assert_ne!(runtime().random(), runtime().random());
}
