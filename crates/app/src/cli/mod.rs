//! The commands, one file each.

pub(crate) mod align;
mod align_args;
mod audio_args;
pub(crate) mod check_config;
pub(crate) mod combine;
mod compute_type;
mod dialogue;
pub(crate) mod diarize;
mod documents;
mod input;
mod layout_args;
mod machine_args;
pub(crate) mod models;
pub(crate) mod serve;
mod speaker_args;
mod split_args;
pub(crate) mod transcribe;

pub(crate) use input::Input;

use domain::options::OptionProblem;

use crate::exit::{Exit, Failure};

/// The problem under the name of its flag.
fn out_of_range(problem: &OptionProblem) -> Failure {
    let flag = match problem.option {
        "temperatures" => "temperature".to_owned(),
        option => option.replace('_', "-"),
    };
    Failure::new(Exit::Usage, format!("--{flag} {}", problem.reason))
}

fn whole_number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "it must be a whole number from 0 upwards".to_owned())
}
