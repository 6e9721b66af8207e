//! The network that hears where people speak, and which of them is the same for a few seconds.

use std::path::PathBuf;

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;
use speech::audio::Samples;
use speech::diarize;
use speech::models::{Companion, ModelRequest};
use speech::pyannet::{PyanNet, Segmentation};

use crate::exit::{Exit, Failure};

/// The network on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Segmenter {
    folder: PathBuf,
    n_threads: usize,
    network: Option<PyanNet>,
}

impl Segmenter {
    /// Whether the network is installed.
    pub(crate) fn is_installed(request: &ModelRequest) -> bool {
        Companion::Segmentation.find(&request.places).is_some()
    }

    /// Finds the network, without loading it.
    pub(crate) fn find(
        request: &ModelRequest,
        n_threads: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folder = Companion::Segmentation.locate(&request.places, monitor);
        Ok(Self {
            folder: folder.map_err(|error| Failure::from_error(Exit::Model, &error))?,
            n_threads,
            network: None,
        })
    }

    /// Loads the network unless that was done.
    pub(crate) fn load(&mut self) -> Result<(), Failure> {
        if self.network.is_none() {
            let network = PyanNet::load(&self.folder, self.n_threads)
                .map_err(|error| Failure::from_error(Exit::Model, &error))?;
            self.network = Some(network);
        }
        Ok(())
    }

    /// Hears the whole recording, for chunks of speech and for turns of speakers.
    ///
    /// # Panics
    ///
    /// When nothing is loaded.
    pub(crate) fn segment(
        &self,
        samples: &Samples,
        monitor: &dyn Monitor,
    ) -> Result<Segmentation, Failure> {
        let network = self.network.as_ref().expect("the network is loaded");
        // It speaks up after its first windows; their time counts too.
        monitor.progress(Stage::Vad, Seconds(0.0), samples.duration());
        network
            .segment(samples, diarize::STEP, monitor)
            .map_err(|cancelled| Failure::from_error(Exit::Interrupted, &cancelled))
    }
}
