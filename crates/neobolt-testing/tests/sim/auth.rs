//! Tokens that change, of the driver's and of a session's own, on connections that are open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use neobolt::{Auth, BasicAuthManager, BearerAuthManager, Driver, Error, ErrorKind, ExpiringAuth};

use super::scripted::{Answer, Scripted, failure, ignored, serve, success, tag, usual};

const LOGON: u8 = 0x6A;
const LOGOFF: u8 = 0x6B;
const UNAUTHORIZED: &str = "Neo.ClientError.Security.Unauthorized";
const AUTHORIZATION_EXPIRED: &str = "Neo.ClientError.Security.AuthorizationExpired";

/// What servers were asked: the number of the connection and the tag of each request.
type Asked = Arc<Mutex<Vec<(usize, u8)>>>;

/// A server that answers as `script` says, and a list of what it is asked.
fn server(version: (u8, u8), mut script: impl FnMut(usize, u8) -> Answer + Send + 'static) -> (Scripted, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let server = Scripted::new(version, move |connection, tag| {
        log.lock().unwrap().push((connection, tag));
        script(connection, tag)
    });
    (server, asked)
}

fn logins(asked: &Asked) -> Vec<(usize, u8)> {
    asked.lock().unwrap().iter().copied().filter(|(_, tag)| matches!(*tag, tag::HELLO | LOGON | LOGOFF)).collect()
}

async fn query(driver: &Driver) -> Result<(), Error> {
    driver.session().build().run("Q").await?.consume().await.map(drop)
}

/// Returns a new user with every call.
fn rotating() -> BasicAuthManager {
    let calls = AtomicUsize::new(0);
    BasicAuthManager::new(move || {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok::<_, Error>(Auth::basic("neo4j", format!("secret{call}"))))
    })
}

/// Fails the `n`th RUN, counted from 0, and ignores what follows it until RESET.
fn failing(n: usize, code: &'static str) -> impl FnMut(usize, u8) -> Answer + Send {
    let (mut runs, mut failed) = (0, None);
    move |connection, tag| {
        runs += usize::from(tag == tag::RUN);
        match tag {
            tag::RUN if runs == n + 1 => {
                failed = Some(connection);
                Answer::Bytes(failure(code))
            }
            tag::RESET if failed == Some(connection) => {
                failed = None;
                usual(tag)
            }
            _ if failed == Some(connection) => Answer::Bytes(ignored()),
            tag => usual(tag),
        }
    }
}

#[test]
fn a_refused_password_is_asked_for_again_and_the_error_is_retryable() {
    let (server, asked) = server((5, 4), failing(1, UNAUTHORIZED));
    let uri = format!("bolt://{}", server.address);
    let driver = Driver::builder(server.sim.runtime(), &uri, rotating()).build().unwrap();
    server.sim.block_on(async {
        query(&driver).await.unwrap();
        let error = query(&driver).await.unwrap_err();
        assert_eq!(error.code(), Some(UNAUTHORIZED));
        assert!(error.is_retryable(), "the manager has dealt with it");
        query(&driver).await.unwrap();
    });
    assert_eq!(logins(&asked), [(0, tag::HELLO), (0, LOGON), (0, LOGOFF), (0, LOGON)]);
}

#[test]
fn a_session_with_a_token_of_its_own_switches_the_user_and_back() {
    let (server, asked) = server((5, 4), |_, tag| usual(tag));
    let driver = server.driver();
    server.sim.block_on(async {
        query(&driver).await.unwrap();
        for _ in 0..2 {
            let mut session = driver.session().auth(Auth::basic("other", "secret")).build();
            session.run("Q").await.unwrap().consume().await.unwrap();
        }
        query(&driver).await.unwrap();
    });
    let open = [(0, tag::HELLO), (0, LOGON)];
    let switched = [(0, LOGOFF), (0, LOGON)];
    assert_eq!(logins(&asked), [open, switched, switched].concat());
}

#[test]
fn a_token_of_a_sessions_own_needs_bolt_5_1() {
    let (server, _) = server((5, 0), |_, tag| usual(tag));
    let driver = server.driver();
    server.sim.block_on(async {
        let mut session = driver.session().auth(Auth::basic("other", "secret")).build();
        let error = session.run("Q").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("session auth is not supported"), "{error}");
    });
}

/// Before Bolt 5.1 a connection is one user's for good.
#[test]
fn a_new_token_takes_a_new_connection_where_connections_cannot_change_theirs() {
    let (server, asked) = server((4, 4), |_, tag| usual(tag));
    let calls = Arc::new(AtomicUsize::new(0));
    let provided = Arc::clone(&calls);
    let manager = BearerAuthManager::new(move || {
        let call = provided.fetch_add(1, Ordering::Relaxed);
        let token = ExpiringAuth::new(Auth::bearer(format!("token{call}"))).expires_in(Duration::from_secs(10));
        std::future::ready(Ok::<_, Error>(token))
    });
    let runtime = server.sim.runtime();
    let driver = Driver::builder(server.sim.runtime(), &format!("bolt://{}", server.address), manager).build().unwrap();
    server.sim.block_on(async {
        for _ in 0..3 {
            query(&driver).await.unwrap();
        }
        runtime.sleep_until(runtime.now() + Duration::from_secs(10)).await;
        query(&driver).await.unwrap();
    });
    assert_eq!(calls.load(Ordering::Relaxed), 2, "a token is kept until it expires");
    assert_eq!(logins(&asked), [(0, tag::HELLO), (1, tag::HELLO)]);
}

#[test]
fn every_connection_authenticates_again_when_the_server_has_forgotten_them() {
    let (server, asked) = server((5, 4), failing(2, AUTHORIZATION_EXPIRED));
    let driver = server.driver();
    let two_at_once = || async {
        let (mut first, mut second) = (driver.session().build(), driver.session().build());
        let (mut first, mut second) = (first.begin_transaction().await?, second.begin_transaction().await?);
        let outcome = (first.run("Q").await.map(drop), second.run("Q").await.map(drop));
        first.rollback().await?;
        second.rollback().await?;
        Ok::<_, Error>(outcome)
    };
    server.sim.block_on(async {
        assert!(matches!(two_at_once().await, Ok((Ok(()), Ok(())))));
        // The other one is in use, and is not disturbed.
        let (first, second) = two_at_once().await.unwrap();
        assert!(first.is_err_and(|error| error.code() == Some(AUTHORIZATION_EXPIRED) && error.is_retryable()));
        assert!(second.is_ok());
        assert_eq!(logins(&asked).len(), 4);
        assert!(matches!(two_at_once().await, Ok((Ok(()), Ok(())))));
    });
    let mut again = logins(&asked).split_off(4);
    again.sort_unstable();
    assert_eq!(again, [(0, LOGON), (0, LOGOFF), (1, LOGON), (1, LOGOFF)]);
}

#[test]
fn a_token_is_verified_without_being_used() {
    let (server, asked) = server((5, 4), |_, tag| usual(tag));
    let driver = server.driver();
    let verified = |driver: &Driver| {
        server.sim.block_on(async { driver.verify_authentication(&Auth::basic("neo4j", "secret")).await })
    };
    assert_eq!(verified(&driver).ok(), Some(true));
    assert_eq!(logins(&asked), [(0, tag::HELLO), (0, LOGON)], "a new connection says it at once");
    assert_eq!(verified(&driver).ok(), Some(true));
    assert_eq!(logins(&asked)[2..], [(0, LOGOFF), (0, LOGON)]);

    let refusing = serve(&server.sim, vec![0, 0, 4, 5], |_, tag| match tag {
        LOGON => Answer::Last(failure(UNAUTHORIZED)),
        _ => Answer::Bytes(success(&[])),
    });
    let driver = Driver::builder(server.sim.runtime(), &format!("bolt://{refusing}"), Auth::none()).build().unwrap();
    assert_eq!(verified(&driver).ok(), Some(false));
}
