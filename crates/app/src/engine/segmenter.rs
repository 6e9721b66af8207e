//! The network that hears where people speak, and which of them is the same for a few seconds.

use std::path::PathBuf;
use std::sync::Arc;

use domain::progress::Monitor;
use speech::models::{Companion, ModelRequest};
use speech::pyannet::PyanNet;

use super::{Lazy, Machine};
use crate::exit::{Exit, Failure};

/// The network on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Segmenter {
    folder: PathBuf,
    machine: Machine,
    network: Lazy<PyanNet>,
}

impl Segmenter {
    /// Whether the network is installed.
    pub(crate) fn is_installed(request: &ModelRequest) -> bool {
        Companion::Segmentation.find(&request.places).is_some()
    }

    /// Finds the network, without loading it.
    pub(crate) fn find(
        request: &ModelRequest,
        machine: &Machine,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folder = Companion::Segmentation.locate(&request.places, monitor);
        let folder = folder.map_err(|error| Failure::from_error(Exit::Model, &error))?;
        Ok(Self::in_folder(folder, machine))
    }

    /// The network in a folder where it was found.
    pub(super) fn in_folder(folder: PathBuf, machine: &Machine) -> Self {
        Self {
            folder,
            machine: machine.clone(),
            network: Lazy::default(),
        }
    }

    /// The network, loaded unless that was done.
    pub(crate) fn load(&self) -> Result<Arc<PyanNet>, Failure> {
        self.network.get(|| {
            PyanNet::load(&self.folder, self.machine.pool.clone())
                .map_err(|error| Failure::from_error(Exit::Model, &error))
        })
    }
}
