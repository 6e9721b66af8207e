//! `cargo xtask schemathesis`: whether the service answers as its `OpenAPI` document says.
//!
//! The document is compared with `OpenAPI` 3.1, and Schemathesis makes requests of it, valid ones and broken ones, in the
//! thousands. What it checks of the answers stands in `schemathesis.toml`, what it cannot guess in `hooks.py`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::Parser as _;
use outbound::testing::{Origin, Reply};

use crate::console::say;
use crate::python::Environment;
use crate::server::{self, Server};

const PACKAGES: &[&str] = &["schemathesis==4.32.5", "openapi-spec-validator==0.9.0"];
const NAME: &str = "schemathesis";

const ENVIRONMENT: Environment<'_> = Environment {
    command: NAME,
    packages: PACKAGES,
    pip_options: &[],
    proof: "import schemathesis, openapi_spec_validator",
    hint: "set PIP_INDEX_URL to a mirror",
};

/// What to try.
#[derive(Debug, clap::Parser)]
pub(crate) struct Options {
    /// Build profile of scriven
    #[arg(long, default_value = "dev")]
    profile: String,
    /// Requests made up for each endpoint, besides those at the edges of its parameters
    #[arg(long, default_value_t = 30)]
    examples: u32,
    /// What the requests are made from: the same again for the same number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Goes on making up requests, alone and in sequences, for so many minutes [default: until each has its examples]
    #[arg(long)]
    minutes: Option<u32>,
}

/// The same with default options, as one of many checks: where Schemathesis cannot be installed, that is said, and no
/// mistake.
///
/// # Errors
/// As for [`run`].
pub(crate) fn check() -> anyhow::Result<()> {
    match ENVIRONMENT.install() {
        Ok(python) => run_with(&python, &Options::parse_from([NAME])),
        Err(error) => {
            say(NAME, &format!("SKIPPED: {error:#}"));
            Ok(())
        }
    }
}

/// Builds and starts scriven, and tries it.
///
/// # Errors
/// It cannot be built or started, Schemathesis cannot be installed, or an answer is not as it should be.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    run_with(&ENVIRONMENT.install()?, options)
}

fn run_with(python: &Path, options: &Options) -> anyhow::Result<()> {
    server::build(&options.profile)?;
    let runtime = server::runtime()?;
    runtime.block_on(async {
        let origin = origin().await;
        let server = Server::start(&options.profile, &variables()).await?;
        let document = server.get("/openapi.json").await?;
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let path = folder.path().join("openapi.json");
        fs::write(&path, document)?;
        validate(python, &path)?;
        let verdict = try_out(python, options, &server, &origin, folder.path());
        if verdict.is_err() {
            let log = server.log();
            let errors = log
                .lines()
                .filter(|line| line.contains(r#""level":"ERROR""#));
            errors
                .take(20)
                .for_each(|line| say(NAME, &format!("log: {line}")));
        }
        verdict
    })
}

/// Where recordings can be fetched and callbacks sent: the only place that the service may call.
async fn origin() -> Origin {
    let origin = Origin::start().await;
    origin.on("HEAD /callback", Reply::status(200));
    origin.on("POST /callback", Reply::status(200));
    origin.on("GET /tone.wav", Reply::ok(tone()));
    origin
}

/// A tenth of a second of silence: WAV, mono, 16 bits, 16 kHz.
fn tone() -> Vec<u8> {
    const N_BYTES: u32 = 3200;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + N_BYTES).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(32_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(N_BYTES.to_le_bytes());
    wav.resize(44 + 3200, 0);
    wav
}

fn variables() -> [(&'static str, &'static str); 5] {
    [
        ("ENGINE", "scripted"),
        ("LOG_FORMAT", "json"),
        ("SSRF_PROTECTION_ENABLED", "true"),
        ("SSRF_BLOCKED_NETWORKS", r#"["0.0.0.0/0", "::/0"]"#),
        ("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#),
    ]
}

fn validate(python: &Path, document: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(python);
    command
        .args(["-m", "openapi_spec_validator", "--schema", "3.1"])
        .arg(document);
    run_to_end("the document", command)
}

fn try_out(
    python: &Path,
    options: &Options,
    server: &Server,
    origin: &Origin,
    folder: &Path,
) -> anyhow::Result<()> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/schemathesis");
    let mut command = Command::new(python.with_file_name("schemathesis"));
    command
        .arg("--config-file")
        .arg(here.join("schemathesis.toml"))
        .args(["run", &server.url("/openapi.json")])
        .args(["--seed", &options.seed.to_string()])
        .args(["--max-examples", &options.examples.to_string()])
        .args(time_limit(options.minutes))
        // It leaves notes in its folder.
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", here.join("hooks.py"))
        .env("SCRIVEN_TEST_ORIGIN", origin.url(""));
    run_to_end("the service", command)
}

/// With a limit, Schemathesis repeats itself until the time is over.
fn time_limit(minutes: Option<u32>) -> Option<String> {
    minutes.map(|minutes| format!("--max-time={}", 60 * minutes))
}

fn run_to_end(what: &str, mut command: Command) -> anyhow::Result<()> {
    let status = command.status();
    let status = status.with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{what} is not as it should be; what is wrong stands above");
    }
    Ok(())
}
