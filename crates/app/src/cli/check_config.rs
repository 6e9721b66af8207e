//! `scriven check-config`: what the service would run with, and everything that is wrong with it.

use std::path::PathBuf;

use crate::config::{Config, Mistakes, Sources};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::stdout;

/// Show the effective settings of the service, or everything that is wrong with them
///
/// The output is a configuration file with the source of each value beside it; secrets are left out. Nothing is opened
/// or changed.
#[derive(Debug, clap::Args)]
#[command(after_help = SOURCES)]
pub(crate) struct Args {
    /// Configuration file (TOML) [default: the file of `SCRIVEN_CONFIG`, if set]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print all settings with defaults and meanings as tables in Markdown instead; nothing is read
    #[arg(long, conflicts_with = "config")]
    markdown: bool,
}

/// Does what the flags say.
pub(crate) fn run(args: &Args) -> Exit {
    let console = Console::new(false);
    let config = if args.markdown {
        Config::read(&Sources::default())
    } else {
        Config::load(args.config.as_deref())
    };
    match config {
        Ok(config) => print(&config, args.markdown, &console),
        Err(mistakes) => tell(&mistakes, &console),
    }
}

/// Tells everything that is wrong; also what `serve` ends with.
pub(crate) fn tell(mistakes: &Mistakes, console: &Console) -> Exit {
    for mistake in &mistakes.0 {
        console.failure(&Failure::new(Exit::Usage, mistake.to_string()));
    }
    Exit::Usage
}

fn print(config: &Config, markdown: bool, console: &Console) -> Exit {
    let text = if markdown {
        config.to_markdown()
    } else {
        for note in &config.notes {
            console.note(note);
        }
        config.to_toml()
    };
    console.conclude(stdout::print(&text))
}

const SOURCES: &str = "\
Values come, weakest first, from the defaults, the file of --config or SCRIVEN_CONFIG, '.env' in the working folder,
and the environment. In a file a setting is a key in lower case below its section; as a variable it is in upper case,
with or without the section before it: DB_URL, or database__DB_URL, which wins.";
