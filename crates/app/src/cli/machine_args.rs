//! Flags that say where models lie and how they run, for commands that recognise nothing.

use std::path::PathBuf;

use speech::models::ModelRequest;

use super::compute_type::ComputeTypeArg;
use crate::engine::Machine;

/// Where models lie, and how they run.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MachineArgs {
    /// Folder with one folder a model, searched first; downloads go there
    #[arg(long, value_name = "FOLDER", env = "MODEL_DIR", hide_env_values = true)]
    model_dir: Option<PathBuf>,

    /// Never ask the hub for a model
    #[arg(long)]
    offline: bool,

    /// Arithmetic of the network
    #[arg(long, value_enum, default_value_t = ComputeTypeArg::Int8)]
    compute_type: ComputeTypeArg,

    /// Threads; 0 takes every core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: u16,
}

impl MachineArgs {
    /// Where models are searched.
    pub(in crate::cli) fn places(&self) -> ModelRequest {
        // An empty variable is an unset one.
        let folder = self.model_dir.clone();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        ModelRequest::new(None, folder, self.offline, |name| std::env::var_os(name))
    }

    /// What loads them, with its threads started.
    pub(in crate::cli) fn machine(&self) -> Machine {
        Machine::new(self.compute_type.into(), self.threads.into())
    }
}
