//! tmp
use std::env::var;
use std::time::Duration;
use neobolt::{Auth, Driver};

#[tokio::test(flavor = "multi_thread")]
async fn hang() {
    let uri = var("NEO4J_URI").unwrap();
    for round in 0..15 {
        let driver = Driver::builder(neobolt_tokio::runtime(), &uri, Auth::basic("neo4j", var("NEO4J_PASSWORD").unwrap())).build().unwrap();
        let mut session = driver.session().build();
        let mut stream = session.run("UNWIND range(1, $n) AS i RETURN i AS i").param("n", 1_000_000).await.unwrap();
        let mut read = 0;
        loop {
            if read % 20000 < 1000 { tokio::time::sleep(Duration::from_millis(2)).await; }
            match tokio::time::timeout(Duration::from_secs(15), stream.next_batch()).await {
                Ok(Ok(Some(records))) => for r in records { read += 1; assert_eq!(r.get::<u64>("i").unwrap(), read); }
                Ok(Ok(None)) => break,
                Ok(Err(e)) => panic!("{e:?}"),
                Err(_) => {
                    let text = format!("{session:?}");
                    std::fs::write("/tmp/nb/scen-tmp/state.txt", &text).unwrap();
                    std::fs::write("/tmp/nb/scen-tmp/stream.txt", format!("{stream:?}")).unwrap();
                    panic!("hang after {read} in round {round}");
                }
            }
        }
        println!("round {round} {read}");
    }
}
