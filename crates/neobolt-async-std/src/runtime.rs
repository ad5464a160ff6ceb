//! The runtime of neobolt, in terms of async-std's.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use std::{fmt, io};

use async_std::io::{Read, Write};
use async_std::net::{TcpListener, TcpStream, ToSocketAddrs};
use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};

/// Returns async-std as a [`Runtime`].
#[must_use]
pub fn runtime() -> Arc<dyn Runtime> {
    Arc::new(AsyncStdRuntime::new())
}

/// Provides sockets, time and tasks of async-std's global runtime, which is there wherever it is
/// used: its threads start with the first use.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AsyncStdRuntime;

impl AsyncStdRuntime {
    /// Creates the adapter; it holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Runtime for AsyncStdRuntime {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        Box::pin(async move { transport(TcpStream::connect(to).await?) })
    }

    fn listen(&self, on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = Arc::new(TcpListener::bind(on).await?);
            Ok(Box::new(AsyncStdListener { listener, accept: None }) as Box<dyn Listener>)
        })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok((host.as_str(), port).to_socket_addrs().await?.collect()) })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn random(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(AsyncStdSleep(timer(at)))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        async_std::task::spawn(task); // the task goes on when its handle is dropped
    }
}

fn transport(stream: TcpStream) -> io::Result<Box<dyn Transport>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(AsyncStdTransport(stream)))
}

#[derive(Debug)]
struct AsyncStdTransport(TcpStream);

impl Transport for AsyncStdTransport {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write)) // its own poll_close only flushes
    }
}

struct AsyncStdListener {
    listener: Arc<TcpListener>,
    /// The accept under way: it must live from poll to poll, or its waker is lost.
    accept: Option<BoxFuture<'static, io::Result<(TcpStream, SocketAddr)>>>,
}

impl fmt::Debug for AsyncStdListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncStdListener").field(&self.listener).finish()
    }
}

impl Listener for AsyncStdListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Transport>, SocketAddr)>> {
        let listener = &self.listener;
        let accept = self.accept.get_or_insert_with(|| {
            let listener = Arc::clone(listener);
            Box::pin(async move { listener.accept().await })
        });
        let accepted = ready!(accept.as_mut().poll(cx));
        self.accept = None;
        let (stream, peer) = accepted?;
        Poll::Ready(Ok((transport(stream)?, peer)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// async-std's timer cannot be set again, so a new one takes its place.
struct AsyncStdSleep(BoxFuture<'static, ()>);

fn timer(at: Instant) -> BoxFuture<'static, ()> {
    let duration = at.saturating_duration_since(Instant::now());
    Box::pin(async_std::task::sleep(duration))
}

impl Future for AsyncStdSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for AsyncStdSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.0 = timer(at);
    }
}

#[cfg(test)]
mod tests;
