//! How fast it is. Run by hand: `cargo test -p store --release -- --ignored --nocapture speed`.

use std::time::Instant;

use domain::results::TaskResult;

use super::MINUTE;
use crate::queue::Ending;
use crate::testing::{NO_LIMITS, TestStore, diarization};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and says nothing about right or wrong"]
async fn speed_of_reads_and_writes() {
    let test = TestStore::new();
    let n_inserts = 500;
    let mut ids = Vec::new();
    let start = Instant::now();
    for _ in 0..n_inserts {
        ids.push(test.insert(diarization(None)).await);
    }
    println!(
        "{:.0} inserts/s, one caller",
        f64::from(n_inserts) / start.elapsed().as_secs_f64()
    );

    let start = Instant::now();
    let inserters: Vec<_> = (0..16)
        .map(|_| {
            let store = test.store.clone();
            tokio::spawn(async move {
                for _ in 0..30 {
                    store
                        .insert_task(diarization(None), NO_LIMITS)
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for inserter in inserters {
        inserter.await.unwrap();
    }
    println!(
        "{:.0} inserts/s, 16 callers",
        480.0 / start.elapsed().as_secs_f64()
    );

    let result = format!(
        "[{}]",
        vec![r#"{"start":1.0,"end":2.0,"speaker":"A"}"#; 200].join(",")
    );
    for _ in 0..100 {
        let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
        let ending = Ending::Completed(TaskResult::new(result.clone()));
        test.store.finish(&claimed.lease, &ending).await.unwrap();
    }
    for (what, range) in [("with a result of 7 kB", 0..100), ("that waits", 100..200)] {
        let start = Instant::now();
        let n_reads = 5000_u32;
        let finders: Vec<_> = (0..4)
            .map(|_| {
                let (store, ids) = (test.store.clone(), ids[range.clone()].to_vec());
                tokio::spawn(async move {
                    for n in 0..n_reads as usize {
                        store
                            .find_task(ids[n % ids.len()].as_str())
                            .await
                            .unwrap()
                            .unwrap();
                    }
                })
            })
            .collect();
        for finder in finders {
            finder.await.unwrap();
        }
        let per_second = f64::from(4 * n_reads) / start.elapsed().as_secs_f64();
        println!("{per_second:.0} finds/s of a task {what}, 4 callers");
    }
}
