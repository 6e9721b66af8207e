//! Size, time and completeness: the rows of EH4, and what comes near them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;

use super::*;
use crate::testing::Gate;

/// For tests that wait for the end of it.
const SHORT: Duration = Duration::from_millis(200);

fn too_large(size_bytes: u64) -> Outcome {
    Err(DownloadFailure::TooLarge {
        size_bytes,
        max_bytes: MAX_BYTES,
    })
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn packed(body: impl Into<bytes::Bytes>) -> Reply {
    Reply::ok(body).header("Content-Encoding", "gzip")
}

#[tokio::test]
async fn eh4_1_a_declared_size_over_the_limit_ends_it_before_the_body() {
    let origin = Origin::start().await;
    let body = vec![0; usize::try_from(MAX_BYTES).unwrap() + 1];
    origin.on("/a.mp3", Reply::ok(body).body_after(&Gate::new()));

    let (outcome, received) = download(&origin.url("/a.mp3"), LIMITS).await;

    assert_eq!(outcome, too_large(MAX_BYTES + 1));
    assert!(received.is_empty());
    let log = origin.until(|log| log.ended == 1).await;
    assert_eq!(log.body_bytes, 0);
}

#[tokio::test]
async fn eh4_2_a_body_without_end_is_cut_at_the_limit() {
    let origin = Origin::start().await;
    origin
        .on("/chunked.mp3", Reply::endless())
        .on("/unsized.mp3", Reply::unsized_body(vec![0; 4 << 20]));
    for path in ["/chunked.mp3", "/unsized.mp3"] {
        let (outcome, received) = download(&origin.url(path), LIMITS).await;
        assert!(
            matches!(outcome, Err(DownloadFailure::TooLarge { size_bytes, .. }) if size_bytes > MAX_BYTES),
            "{outcome:?}"
        );
        assert!(received.len() as u64 <= MAX_BYTES);
        origin.until(|log| log.ended == log.connections).await;
    }
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_taken() {
    let origin = Origin::start().await;
    let body = vec![7; usize::try_from(MAX_BYTES).unwrap()];
    for reply in [Reply::ok(body.clone()), Reply::chunked(body.clone())] {
        origin.on("/a.mp3", reply);
        let outcome = outcome_of(&origin.url("/a.mp3")).await;
        assert_eq!(outcome, downloaded("a.mp3", MAX_BYTES));
    }
}

#[tokio::test]
async fn eh4_3_a_body_that_is_cut_off_fails() {
    let origin = Origin::start().await;
    let head = "HTTP/1.1 200 OK\r\n";
    origin
        .on("/short.mp3", Reply::declaring(1000, "only this"))
        .on("/none.mp3", Reply::declaring(1000, ""))
        .on(
            "/chunk.mp3",
            Reply::raw(format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n64\r\nonly this"
            )),
        )
        .on(
            "/last-chunk.mp3",
            Reply::raw(format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n"
            )),
        )
        .on(
            "/two-lengths.mp3",
            Reply::raw(format!(
                "{head}Content-Length: 4\r\nContent-Length: 9\r\n\r\nonly this"
            )),
        )
        .on(
            "/no-length.mp3",
            Reply::raw(format!(
                "{head}Content-Length: 99999999999999999999999\r\n\r\nonly this"
            )),
        );
    for path in [
        "/short.mp3",
        "/none.mp3",
        "/chunk.mp3",
        "/last-chunk.mp3",
        "/two-lengths.mp3",
        "/no-length.mp3",
    ] {
        let outcome = outcome_of(&origin.url(path)).await;
        let lost = "the connection was lost before the answer was complete";
        assert_eq!(outcome, failed(lost), "{path}");
    }
}

#[tokio::test]
async fn eh4_4_a_drip_ends_with_the_total_time() {
    let origin = Origin::start().await;
    let drip = Reply::drip(vec![0; 100_000], Duration::from_millis(10));
    origin.on("/a.mp3", drip);
    let limits = DownloadLimits {
        total_timeout: SHORT,
        ..LIMITS
    };
    let (outcome, _) = download(&origin.url("/a.mp3"), limits).await;
    assert_eq!(outcome, failed("it took too long"));
    origin.until(|log| log.ended == log.connections).await;
}

#[tokio::test]
async fn a_stall_ends_with_the_time_to_read() {
    let origin = Origin::start().await;
    origin
        .on("/body.mp3", Reply::ok("sound").body_after(&Gate::new()))
        .on("/head.mp3", Reply::silence());
    let limits = DownloadLimits {
        connect_timeout: SHORT,
        read_timeout: SHORT,
        ..LIMITS
    };
    let (outcome, _) = download(&origin.url("/body.mp3"), limits).await;
    assert_eq!(outcome, failed("no more bytes came in time"));
    let (outcome, _) = download(&origin.url("/head.mp3"), limits).await;
    assert_eq!(outcome, failed("no answer came in time"));
    origin.until(|log| log.ended == 2).await;
}

#[tokio::test]
async fn a_host_that_is_not_connected_to_in_time_fails() {
    let names = Names::new().silence("slow.test");
    let outbound = Outbound::with_names(settings(Policy::default()), &names);
    let limits = DownloadLimits {
        connect_timeout: SHORT,
        ..LIMITS
    };
    let (outcome, _) = download_by(&outbound, "http://slow.test/a.mp3", limits).await;
    assert_eq!(outcome, failed("no answer came in time"));
}

#[tokio::test]
async fn the_time_to_read_begins_anew_with_each_byte() {
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::drip([0; 30].to_vec(), SHORT / 4));
    let limits = DownloadLimits {
        read_timeout: SHORT * 5, // less than all of it takes
        ..LIMITS
    };
    let (outcome, _) = download(&origin.url("/a.mp3"), limits).await;
    assert_eq!(outcome, downloaded("a.mp3", 30));
}

#[tokio::test]
async fn eh4_6_a_bomb_is_cut_at_the_limit() {
    let origin = Origin::start().await;
    let bomb = gzipped(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    origin.on("/a.mp3", packed(bomb));
    let (outcome, received) = download(&origin.url("/a.mp3"), LIMITS).await;
    assert!(
        matches!(outcome, Err(DownloadFailure::TooLarge { size_bytes, .. })
            if size_bytes > MAX_BYTES && size_bytes < MAX_BYTES + (2 << 20)),
        "{outcome:?}"
    );
    assert!(received.len() as u64 <= MAX_BYTES);
}

#[tokio::test]
async fn a_body_that_is_packed_unasked_is_unpacked() {
    let origin = Origin::start().await;
    let body: Vec<u8> = (0..50_000_u32).map(|n| (n * n % 251) as u8).collect();
    let twice = [gzipped(&body[..100]), gzipped(&body[100..])].concat();
    origin
        .on("/gzip.mp3", packed(gzipped(&body)))
        .on(
            "/x-gzip.mp3",
            Reply::chunked(gzipped(&body)).header("Content-Encoding", "identity, X-GZip"),
        )
        .on("/members.mp3", packed(twice))
        .on(
            "/plain.mp3",
            Reply::ok(body.clone()).header("Content-Encoding", "identity"),
        );
    for name in ["gzip.mp3", "x-gzip.mp3", "members.mp3", "plain.mp3"] {
        let (outcome, received) = download(&origin.url(&format!("/{name}")), LIMITS).await;
        assert_eq!(outcome, downloaded(name, 50_000));
        assert_eq!(received, body, "{name}");
    }
}

#[tokio::test]
async fn a_packed_body_that_cannot_be_unpacked_fails() {
    let origin = Origin::start().await;
    let whole = gzipped(&[1; 5000]);
    let mut changed = whole.clone();
    let sum = changed.len() - 6;
    changed[sum] ^= 1;
    origin
        .on("/cut.mp3", packed(whole[..whole.len() - 3].to_vec()))
        .on("/head.mp3", packed(whole[..5].to_vec()))
        .on("/sum.mp3", packed(changed))
        .on("/more.mp3", packed([&whole[..], b"more"].concat()))
        .on("/none.mp3", packed("not packed"));
    for path in [
        "/cut.mp3",
        "/head.mp3",
        "/sum.mp3",
        "/more.mp3",
        "/none.mp3",
    ] {
        let text = "the server packed the file and it cannot be unpacked";
        assert_eq!(outcome_of(&origin.url(path)).await, failed(text), "{path}");
    }
}

#[tokio::test]
async fn other_ways_to_pack_fail_before_the_body() {
    let origin = Origin::start().await;
    for encoding in ["br", "deflate", "zstd", "gzip, gzip", "gzip, br"] {
        let reply = Reply::ok("packed").header("Content-Encoding", encoding);
        origin.on("/a.mp3", reply.body_after(&Gate::new()));
        let outcome = outcome_of(&origin.url("/a.mp3")).await;
        let text = "the server packs files in an unknown way";
        assert_eq!(outcome, failed(text), "{encoding}");
    }
}

#[tokio::test]
async fn packed_bytes_count_although_nothing_comes_out_of_them() {
    let origin = Origin::start().await;
    let empty = gzipped(&[]).repeat(usize::try_from(MAX_BYTES).unwrap() / 10);
    origin.on(
        "/a.mp3",
        Reply::chunked(empty).header("Content-Encoding", "gzip"),
    );
    let outcome = outcome_of(&origin.url("/a.mp3")).await;
    assert!(
        matches!(outcome, Err(DownloadFailure::TooLarge { .. })),
        "{outcome:?}"
    );
}

/// Takes one piece and no more.
struct Full(bool);

impl Receiver for Full {
    type Error = &'static str;

    async fn receive(&mut self, _bytes: &[u8]) -> Result<(), Self::Error> {
        if std::mem::replace(&mut self.0, true) {
            return Err("full");
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_receiver_that_is_full_ends_the_transfer() {
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::endless());
    let outbound = Outbound::new(settings(Policy::off()));
    let url = origin.url("/a.mp3");
    let outcome = outbound
        .download(&url, &extensions(), LIMITS, &mut Full(false))
        .await;
    assert_eq!(outcome, Err(DownloadFailure::Receiver("full")));
    origin.until(|log| log.ended == 1).await;
}

/// Tells that bytes came, and takes as many as there are.
struct Telling(mpsc::UnboundedSender<usize>);

impl Receiver for Telling {
    type Error = &'static str;

    async fn receive(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        let _ = self.0.send(bytes.len());
        Ok(())
    }
}

#[tokio::test]
async fn a_download_that_nobody_waits_for_ends() {
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::endless());
    let outbound = Outbound::new(settings(Policy::off()));
    let url = origin.url("/a.mp3");
    let limits = DownloadLimits {
        max_bytes: u64::MAX,
        ..LIMITS
    };
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut receiver = Telling(tell);
    let extensions = extensions();
    let download = outbound.download(&url, &extensions, limits, &mut receiver);

    tokio::select! {
        outcome = download => panic!("{outcome:?}"),
        Some(_) = told.recv() => {}
    }

    origin.until(|log| log.ended == 1).await;
}
