//! Recordings: private, removed when nobody needs them, kept while a task does.

use std::fs;
use std::path::PathBuf;

use domain::results::TaskResult;

use super::MINUTE;
use crate::media::{Media, MediaKey, MediaStore};
use crate::queue::Ending;
use crate::settings::QueueLimits;
use crate::testing::{NO_LIMITS, TestStore, diarization};

fn folder(test: &TestStore) -> PathBuf {
    test.database_path().with_file_name("media")
}

fn n_files(test: &TestStore) -> usize {
    fs::read_dir(folder(test)).unwrap().count()
}

async fn record(media: &MediaStore, bytes: &[u8]) -> Media {
    let mut writer = media.create().await.unwrap();
    writer.write(bytes).await.unwrap();
    assert_eq!(writer.size_bytes(), bytes.len() as u64);
    writer.finish().await.unwrap()
}

#[tokio::test]
async fn se1_a_recording_is_private_and_holds_what_was_written() {
    let test = TestStore::new();
    let media = test.media();
    let mut writer = media.create().await.unwrap();
    for byte in 0..=255_u8 {
        writer.write(&[byte; 3000]).await.unwrap();
    }
    let recording = writer.finish().await.unwrap();
    let content = fs::read(recording.path()).unwrap();
    assert_eq!(content.len(), 256 * 3000);
    assert!(
        content
            .chunks(3000)
            .zip(0..=255_u8)
            .all(|(chunk, byte)| chunk == [byte; 3000])
    );
    assert_eq!(media.path(&recording.key()), recording.path());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(recording.path()), 0o600);
        assert_eq!(mode(&folder(&test)), 0o700);
        test.store.prepare().await.unwrap();
        assert_eq!(mode(&test.database_path()), 0o600);
    }
}

#[tokio::test]
async fn se1_a_recording_without_a_task_goes_with_its_last_guard() {
    let test = TestStore::new();
    let media = test.media();
    let mut writer = media.create().await.unwrap();
    writer.write(b"RIFF").await.unwrap();
    assert_eq!(n_files(&test), 1);
    drop(writer);
    assert_eq!(n_files(&test), 0);

    let recording = record(&media, b"RIFF").await;
    let key = recording.key();
    drop(recording);
    assert_eq!(n_files(&test), 1, "its key may be on its way into a row");
    drop(key);
    assert_eq!(n_files(&test), 0);

    let kept = record(&media, b"RIFF").await;
    let key = kept.key();
    kept.keep();
    assert!(media.path(&key).exists());
    media.remove(&key).await.unwrap();
    media.remove(&key).await.unwrap();
    assert_eq!(n_files(&test), 0);
}

#[tokio::test]
async fn se1_a_refused_task_leaves_no_recording() {
    let test = TestStore::new();
    let media = test.media();
    let full = QueueLimits {
        n_tasks: 1,
        audio_seconds: 1e9,
    };
    test.insert(diarization(None)).await;
    let recording = record(&media, b"RIFF").await;
    let task = diarization(Some(recording.key()));
    assert!(test.store.insert_task(task, full).await.is_err());
    drop(recording);
    assert_eq!(n_files(&test), 0);
}

#[tokio::test]
async fn se1_the_sweep_takes_what_nobody_needs() {
    let test = TestStore::new();
    let media = test.media();
    let in_use = media.create().await.unwrap();
    let probed = record(&media, b"RIFF").await;
    let mut owned = Vec::new();
    for _ in 0..3 {
        let recording = record(&media, b"RIFF").await;
        owned.push(recording.key().as_str().parse::<MediaKey>().unwrap());
        test.insert(diarization(Some(recording.key()))).await;
    }
    let running = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    assert_eq!(running.media.as_ref(), Some(&owned[0]));
    let ended = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    let ending = Ending::Completed(TaskResult::new("[]"));
    test.store.finish(&ended.lease, &ending).await.unwrap();

    // Left by a crash; and what is not ours.
    fs::write(
        folder(&test).join("0123456789abcdef0123456789abcdef"),
        "left",
    )
    .unwrap();
    fs::write(folder(&test).join("notes.txt"), "not ours").unwrap();
    assert_eq!(media.sweep(&test.store).await.unwrap(), 2);
    assert!(media.path(&owned[0]).exists() && !media.path(&owned[1]).exists());
    assert!(media.path(&owned[2]).exists() && probed.path().exists());
    assert!(folder(&test).join("notes.txt").exists());
    drop((in_use, probed));
    assert_eq!(media.sweep(&test.store).await.unwrap(), 0);
    assert_eq!(n_files(&test), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn se1_a_sweep_never_takes_what_is_being_accepted() {
    let test = TestStore::new();
    let media = test.media();
    test.store.prepare().await.unwrap();
    let (sweeper, store) = (media.clone(), test.store.clone());
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let sweeps = tokio::spawn(async move {
        let mut n_swept = 0;
        while stopped.try_recv().is_err() {
            n_swept += sweeper.sweep(&store).await.unwrap();
        }
        n_swept
    });
    for _ in 0..60 {
        let recording = record(&media, b"RIFF").await;
        let task = diarization(Some(recording.key()));
        test.store.insert_task(task, NO_LIMITS).await.unwrap();
        recording.keep();
    }
    stop.send(()).unwrap();
    assert_eq!(sweeps.await.unwrap(), 0);
    assert_eq!(n_files(&test), 60);
}

#[tokio::test]
async fn a_broken_database_sweeps_nothing() {
    let test = TestStore::new();
    let media = test.media();
    record(&media, b"RIFF").await.keep();
    test.store.prepare().await.unwrap();
    fs::remove_file(test.database_path()).unwrap();
    assert!(media.sweep(&test.store).await.is_err());
    assert_eq!(n_files(&test), 1);
}

#[test]
fn names_that_lead_elsewhere_are_no_names() {
    for text in [
        "",
        "..",
        "../x",
        "/etc/passwd",
        "0123456789ABCDEF0123456789ABCDEF",
        "a\0b",
    ] {
        assert!(text.parse::<MediaKey>().is_err(), "{text}");
    }
    let name = "0123456789abcdef0123456789abcdef";
    assert_eq!(name.parse::<MediaKey>().unwrap().as_str(), name);
}

#[cfg(unix)]
#[test]
fn a_folder_behind_a_symbolic_link_is_refused() {
    let test = TestStore::new();
    let real = test.database_path().with_file_name("real");
    fs::create_dir(&real).unwrap();
    let link = test.database_path().with_file_name("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert!(MediaStore::open(&link).is_err());
    fs::write(real.join("file"), "").unwrap();
    assert!(MediaStore::open(&real.join("file")).is_err());
    assert!(MediaStore::open(&real.join("new/folder")).is_ok());
}

#[tokio::test]
async fn a_full_disk_is_told_apart() {
    use crate::error::MediaError;
    let device = std::path::Path::new("/dev/full");
    if !device.exists() {
        skipped::on_this_machine("there is no /dev/full on this system");
        return;
    }
    let mut full = tokio::fs::OpenOptions::new()
        .write(true)
        .open(device)
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut full, b"x")
        .await
        .unwrap();
    let error = tokio::io::AsyncWriteExt::flush(&mut full)
        .await
        .unwrap_err();
    assert!(matches!(
        MediaError::new("write", error),
        MediaError::NoSpace
    ));
    let other = std::io::Error::other("x");
    assert!(matches!(
        MediaError::new("write", other),
        MediaError::Io { .. }
    ));
}
