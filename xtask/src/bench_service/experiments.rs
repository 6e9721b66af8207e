//! What is measured: a function a question.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use outbound::testing::{Origin, Reply};

use super::Options;
use super::load::{self, Load};
use crate::models;
use crate::server::Server;
use crate::table::{Table, number};

/// Tasks that wait or run while others are read.
const N_TASKS: usize = 45;
/// Submissions, and how many clients send them.
const N_SUBMISSIONS: usize = 300;
const N_SUBMITTERS: usize = 16;
/// Clients that send slowly at once.
const N_SLOW: usize = 50;
/// Readers beside whom latency is measured: as many as keep the service busy.
const N_READERS: usize = 8;
const PATH: &str = "/service/transcribe";
const LOAD_COLUMNS: [&str; 7] = [
    "request",
    "clients",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "worst ms",
    "failed",
];

/// What the experiments share.
pub(super) struct Bench<'a> {
    options: &'a Options,
    /// A recording of thirty seconds.
    call: Vec<u8>,
    /// Its first ten seconds.
    short: Vec<u8>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(options: &'a Options) -> anyhow::Result<Self> {
        let folder = models::fetched("sample")?;
        let call = std::fs::read(sample_in(&folder)).context("cannot read the recording")?;
        let short = first_seconds(&call, 10)?;
        Ok(Self {
            options,
            call,
            short,
        })
    }

    async fn server(&self, variables: &[(&str, &str)]) -> anyhow::Result<Server> {
        let model = [("WHISPER_MODEL", self.options.model.as_str())];
        Server::start(&self.options.profile, &[&model, variables].concat()).await
    }

    fn lasting(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    /// How fast tasks and health are read while the engine computes and tasks wait.
    pub(super) async fn reads_while_transcribing(&self) -> anyhow::Result<()> {
        let server = self.server(&[]).await?;
        let mut paths = Vec::new();
        for number in 0..N_TASKS {
            let name = format!("{number}.wav");
            let identifier = server.submit(PATH, &name, &self.call).await?;
            paths.push(format!("/task/{identifier}"));
        }
        let mut table = Table::new(&LOAD_COLUMNS);
        let health = ["/health".to_owned()];
        let pause = Duration::from_millis(20);
        let readers = load::get(
            &server.host,
            &paths,
            N_READERS,
            self.lasting(),
            Duration::ZERO,
        );
        let (tasks, beside) = futures_util::future::try_join(
            readers,
            load::get(&server.host, &health, 1, self.lasting(), pause),
        )
        .await?;
        table.row(row("GET /task/{id}, as fast as it goes", N_READERS, &tasks));
        table.row(row("GET /health beside it", 1, &beside));
        let calm = load::get(&server.host, &paths, 2, self.lasting(), pause).await?;
        table.row(row("GET /task/{id}, 100 a second", 2, &calm));
        let calm = load::get(&server.host, &health, 2, self.lasting(), pause).await?;
        table.row(row("GET /health, 100 a second", 2, &calm));
        let unfinished = server
            .tasks()
            .await?
            .iter()
            .filter(|task| task["status"] != "completed")
            .count();
        table.print(&format!(
            "Reads while the engine transcribes ({unfinished} of {N_TASKS} tasks still wait or run at the end)"
        ));
        Ok(())
    }

    /// Whether submissions of many clients all become tasks, once each, and what that does to memory.
    pub(super) async fn many_submissions(&self) -> anyhow::Result<()> {
        let server = self.server(&[]).await?;
        let warm = server.submit(PATH, "warm.wav", &self.short).await?;
        server.until_all_ended().await?;
        let before_mb = server.resident_mb();
        let began = Instant::now();
        let submissions = stream::iter(0..N_SUBMISSIONS).map(|number| {
            let (server, short) = (&server, &self.short);
            async move { server.submit(PATH, &format!("{number}.wav"), short).await }
        });
        let accepted: Vec<anyhow::Result<String>> =
            submissions.buffer_unordered(N_SUBMITTERS).collect().await;
        let took = began.elapsed().as_secs_f64();
        let after_mb = server.resident_mb();
        let accepted: Vec<String> = accepted.into_iter().collect::<anyhow::Result<_>>()?;
        let distinct: HashSet<&String> = accepted.iter().collect();
        let listed: HashSet<String> = (server.tasks().await?.iter())
            .filter_map(|task| Some(task["identifier"].as_str()?.to_owned()))
            .filter(|identifier| *identifier != warm)
            .collect();
        server.until_all_ended().await?;
        let lost = accepted.iter().filter(|id| !listed.contains(*id)).count();
        let mut table = Table::new(&["what", "figure"]);
        let mut add = |what: &str, figure: String| table.row([what.to_owned(), figure]);
        add("accepted", accepted.len().to_string());
        add("distinct", distinct.len().to_string());
        add("lost", lost.to_string());
        add("in the database", listed.len().to_string());
        add(
            "submissions/s, each decoded before it is accepted",
            number(Some(accepted.len() as f64 / took), 1),
        );
        add("resident MB before", number(before_mb, 0));
        add("resident MB after the last submission", number(after_mb, 0));
        add(
            "resident MB after the last task",
            number(server.resident_mb(), 0),
        );
        add(
            "seconds until the last task had ended",
            number(Some(began.elapsed().as_secs_f64()), 1),
        );
        table.print(&format!(
            "{N_SUBMISSIONS} submissions of 10 s by {N_SUBMITTERS} clients"
        ));
        Ok(())
    }

    /// Whether slow receivers, slow downloads and slow uploads delay anybody else.
    pub(super) async fn slow_others(&self) -> anyhow::Result<()> {
        let server = self
            .server(&[("ENGINE", "scripted"), ("CALLBACK_TIMEOUT", "5")])
            .await?;
        let origin = Origin::start().await;
        origin.on("HEAD /slow", Reply::status(200));
        origin.on("POST /slow", Reply::silence());
        let drip = Reply::drip(self.short.clone(), Duration::from_millis(20));
        origin.on("GET /slow.wav", drip);
        let mut table = Table::new(&LOAD_COLUMNS);
        let paths = ["/health".to_owned()];
        let measure = || {
            load::get(
                &server.host,
                &paths,
                2,
                self.lasting(),
                Duration::from_millis(5),
            )
        };
        table.row(row("GET /health, nobody else", 2, &measure().await?));

        let path = format!("/speech-to-text?callback_url={}", origin.url("/slow"));
        for number in 0..N_SLOW {
            server
                .submit(&path, &format!("{number}.wav"), &self.short)
                .await?;
        }
        table.row(row(
            "GET /health, 50 callbacks wait for their receiver",
            2,
            &measure().await?,
        ));
        table.row(self.row_of_one_task(&server).await?);

        let client = reqwest::Client::builder().no_proxy().build()?;
        let downloads: Vec<_> = (0..N_SLOW)
            .map(|_| {
                let request = client
                    .post(server.url("/speech-to-text-url"))
                    .form(&[("url", origin.url("/slow.wav"))]);
                tokio::spawn(request.send())
            })
            .collect();
        table.row(row("GET /health, 50 slow downloads", 2, &measure().await?));
        downloads.iter().for_each(tokio::task::JoinHandle::abort);

        let uploads: Vec<_> = (0..N_SLOW)
            .map(|_| tokio::spawn(slow_upload(server.host.clone())))
            .collect();
        table.row(row("GET /health, 50 slow uploads", 2, &measure().await?));
        table.row(self.row_of_one_task(&server).await?);
        uploads.iter().for_each(tokio::task::JoinHandle::abort);
        table.print("Slow receivers, downloads and uploads (scripted engine)");
        Ok(())
    }

    async fn row_of_one_task(&self, server: &Server) -> anyhow::Result<[String; 7]> {
        let took_ms = number(Some(self.one_task(server).await?), 1);
        let mut row = [const { String::new() }; 7];
        "a task meanwhile, from submission to result".clone_into(&mut row[0]);
        "1".clone_into(&mut row[1]);
        row[3] = took_ms;
        Ok(row)
    }

    /// Milliseconds from the submission of a task to its result.
    async fn one_task(&self, server: &Server) -> anyhow::Result<f64> {
        let began = Instant::now();
        let identifier = server.submit(PATH, "one.wav", &self.short).await?;
        while server.task(&identifier).await?["status"] != "completed" {
            ensure!(
                began.elapsed() < Duration::from_mins(1),
                "a task was not done in a minute"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(began.elapsed().as_secs_f64() * 1000.0)
    }

    /// Whether several tasks at once are done sooner than one after the other.
    pub(super) async fn tasks_at_once(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "tasks at once",
            "4 tasks of 10 s, in s",
            "4 tasks of 30 s, in s",
        ]);
        for n_at_once in ["1", "2", "4"] {
            let server = self
                .server(&[("MAX_CONCURRENT_CPU_TASKS", n_at_once)])
                .await?;
            server.submit(PATH, "warm.wav", &self.short).await?;
            server.until_all_ended().await?;
            let mut seconds = Vec::new();
            for audio in [&self.short, &self.call] {
                let began = Instant::now();
                for number in 0..4 {
                    server.submit(PATH, &format!("{number}.wav"), audio).await?;
                }
                server.until_all_ended().await?;
                seconds.push(number(Some(began.elapsed().as_secs_f64()), 2));
            }
            table.row([n_at_once.to_owned()].into_iter().chain(seconds));
        }
        table.print("Several tasks at once");
        Ok(())
    }
}

fn row(what: &str, n_clients: usize, load: &Load) -> Vec<String> {
    vec![
        what.to_owned(),
        n_clients.to_string(),
        number((load.n_requests() > 0).then(|| load.rate()), 0),
        number(load.quantile_ms(0.5), 2),
        number(load.quantile_ms(0.99), 2),
        number(load.quantile_ms(1.0), 2),
        load.n_failed.to_string(),
    ]
}

fn sample_in(folder: &Path) -> PathBuf {
    folder.join("sample.wav")
}

/// The beginning of a WAV file of 16-bit mono samples at 16 kHz.
fn first_seconds(wav: &[u8], n_seconds: usize) -> anyhow::Result<Vec<u8>> {
    let name = wav.windows(4).position(|chunk| chunk == b"data");
    let body = name.context("the recording is no WAV file")? + 8;
    let n_bytes = n_seconds * 32_000;
    let mut short = wav
        .get(..body + n_bytes)
        .context("the recording is shorter than that")?
        .to_vec();
    short[4..8].copy_from_slice(&u32::try_from(body + n_bytes - 8)?.to_le_bytes());
    short[body - 4..body].copy_from_slice(&u32::try_from(n_bytes)?.to_le_bytes());
    Ok(short)
}

/// Sends the head of an upload, and then a few bytes now and then, for ever.
async fn slow_upload(host: String) -> anyhow::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut stream = tokio::net::TcpStream::connect(&host).await?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 1000000\r\n\
         content-type: multipart/form-data; boundary=x\r\n\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    loop {
        stream.write_all(&Bytes::from_static(b"slow")).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
