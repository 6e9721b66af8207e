//! Our own commands: `cargo xtask <command>`.

mod advisories;
mod bench;
mod bench_service;
mod ci;
mod clients;
mod console;
mod deny;
mod driver;
mod engine;
mod eval;
mod example;
mod fuzz;
mod hallucinations;
mod manifest;
mod models;
mod python;
mod schemathesis;
mod score;
mod server;
mod step;
mod sweep;
mod table;
mod unrun;
mod upgrade;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Our own commands")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything that must be right before a change lands: format, lints, documentation, tests, dependencies
    Ci,
    /// The rules of the house that a machine can check
    Tidy,
    /// Whether anything that we depend on has a weakness that is known
    Advisories(advisories::Options),
    /// Every dependency in its newest version, if the checks agree
    Upgrade,
    /// Speed, words, speakers and memory next to other programs
    Bench(Box<bench::Options>),
    /// How the service answers while it works
    BenchService(bench_service::Options),
    /// Whether the service answers as its own document says, to thousands of requests that nobody thought of
    Schemathesis(schemathesis::Options),
    /// Whether the next request of real clients succeeds after one was answered before its body was read
    Clients(clients::Options),
    /// Whether what reads foreign bytes keeps its promises, for millions of inputs that nobody thought of
    Fuzz(fuzz::Options),
    /// Words, times, speakers, speed and memory of the whole pipeline on recordings with references
    Eval(Box<eval::Options>),
    /// Whether one recording comes out whole in every container, codec and rate, with headers right and wrong
    Sweep(sweep::Options),
    /// How many words the recogniser makes of sounds in which nobody speaks
    Hallucinations(hallucinations::Options),
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse().command {
        Command::Ci => ci::run(),
        Command::Tidy => ci::tidy(),
        Command::Advisories(options) => advisories::run(&options),
        Command::Upgrade => upgrade::run(),
        Command::Bench(options) => bench::run(&options),
        Command::BenchService(options) => bench_service::run(&options),
        Command::Schemathesis(options) => schemathesis::run(&options),
        Command::Clients(options) => clients::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Eval(options) => eval::run(&options),
        Command::Sweep(options) => sweep::run(&options),
        Command::Hallucinations(options) => hallucinations::run(&options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Xtask::command().debug_assert();
    }
}
