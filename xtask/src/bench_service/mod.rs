//! `cargo xtask bench-service`: how the service answers while it works.
//!
//! The real binary with the real engine runs on this machine, and so do its clients: what they take of the cores is part
//! of the figures.

mod experiments;
mod load;

use anyhow::Context;

use crate::server;
use experiments::Bench;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Build profile of scriven
    #[arg(long, default_value = "release")]
    profile: String,
    /// Model by name
    #[arg(long, default_value = "base")]
    model: String,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Runs every experiment and prints a table for each.
///
/// # Errors
/// scriven cannot be built or started, or does not answer.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    server::build(&options.profile)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    runtime.block_on(async {
        let bench = Bench::new(options)?;
        bench.reads_while_transcribing().await?;
        bench.many_submissions().await?;
        bench.slow_others().await?;
        bench.tasks_at_once().await
    })
}
