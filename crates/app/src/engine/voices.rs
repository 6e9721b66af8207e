//! The network that tells voices apart.

use std::path::PathBuf;

use domain::diarization::Diarization;
use domain::options::{ComputeType, DiarizeOptions};
use domain::progress::{Monitor, Stage};
use domain::units::Seconds;
use speech::audio::Samples;
use speech::diarize::{self, DiarizeError};
use speech::embedding::CamPlusPlus;
use speech::models::{Companion, ModelRequest};
use speech::pyannet::Segmentation;

use crate::exit::{Exit, Failure};

/// The network on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Voices {
    folder: PathBuf,
    compute_type: ComputeType,
    n_threads: usize,
    network: Option<CamPlusPlus>,
}

impl Voices {
    /// Finds the network, without loading it.
    pub(crate) fn find(
        request: &ModelRequest,
        compute_type: ComputeType,
        n_threads: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folder = Companion::CamPlusPlus.locate(&request.places, monitor);
        Ok(Self {
            folder: folder.map_err(|error| Failure::from_error(Exit::Model, &error))?,
            compute_type,
            n_threads,
            network: None,
        })
    }

    /// Loads the network unless that was done.
    pub(crate) fn load(&mut self) -> Result<(), Failure> {
        if self.network.is_none() {
            let network = CamPlusPlus::load_for(&self.folder, self.n_threads, self.compute_type);
            let network = network.map_err(|error| Failure::from_error(Exit::Model, &error))?;
            self.network = Some(network);
        }
        Ok(())
    }

    /// Finds out who speaks when.
    ///
    /// # Panics
    ///
    /// When nothing is loaded.
    pub(crate) fn diarize(
        &self,
        segmentation: &Segmentation,
        samples: &Samples,
        options: &DiarizeOptions,
        monitor: &dyn Monitor,
    ) -> Result<Diarization, Failure> {
        let network = self.network.as_ref().expect("the network is loaded");
        monitor.progress(Stage::Diarize, Seconds(0.0), samples.duration());
        let diarization = diarize::diarize(segmentation, samples, network, options, monitor);
        diarization.map_err(|error| {
            let exit = match error {
                DiarizeError::Cancelled => Exit::Interrupted,
                DiarizeError::WrongSegmentation => Exit::Model,
            };
            Failure::from_error(exit, &error)
        })
    }
}
