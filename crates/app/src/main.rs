//! The `scriven` command: a table of its sub-commands.

mod cli;
mod clock;
mod config;
mod console;
mod engine;
mod exit;
mod guard;
mod interrupt;
mod lifecycle;
mod stdout;
mod telemetry;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turns recordings into text, on this machine
#[derive(Debug, Parser)]
#[command(
    name = "scriven",
    version,
    arg_required_else_help = true,
    propagate_version = true
)]
struct Scriven {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Transcribe(Box<cli::transcribe::Args>),
    Align(Box<cli::align::Args>),
    Diarize(Box<cli::diarize::Args>),
    Combine(cli::combine::Args),
    Models(cli::models::Args),
    Serve(cli::serve::Args),
    CheckConfig(cli::check_config::Args),
}

fn main() -> ExitCode {
    let exit = match Scriven::parse().command {
        Command::Transcribe(args) => cli::transcribe::run(*args),
        Command::Align(args) => cli::align::run(*args),
        Command::Diarize(args) => cli::diarize::run(&args),
        Command::Combine(args) => cli::combine::run(&args),
        Command::Models(args) => cli::models::run(args),
        Command::Serve(args) => cli::serve::run(&args),
        Command::CheckConfig(args) => cli::check_config::run(&args),
    };
    exit.into()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Scriven::command().debug_assert();
    }
}
