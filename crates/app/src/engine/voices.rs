//! What tells voices apart.

use std::sync::Arc;

use domain::progress::Monitor;
use speech::diarize::Diarizer;
use speech::models::{DiarizeChoice, ModelRequest, VoiceFolder};

use super::{Lazy, Machine, Segmenter};
use crate::exit::{Exit, Failure};

/// What hears voices, on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Voices {
    folder: VoiceFolder,
    machine: Machine,
    diarizer: Lazy<Diarizer>,
}

/// Everything that telling speakers apart needs.
#[derive(Debug)]
pub(crate) struct Speakers {
    pub(crate) segmenter: Segmenter,
    pub(crate) voices: Voices,
}

impl Speakers {
    /// Finds or fetches the parts of the model, without loading them.
    pub(crate) fn find(
        choice: &DiarizeChoice,
        request: &ModelRequest,
        machine: &Machine,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folders = choice.locate(request, monitor);
        let folders = folders.map_err(|error| Failure::from_error(Exit::Model, &error))?;
        Ok(Self {
            segmenter: Segmenter::in_folder(folders.segmentation, machine),
            voices: Voices {
                folder: folders.voices,
                machine: machine.clone(),
                diarizer: Lazy::default(),
            },
        })
    }
}

impl Voices {
    /// The networks and their method, loaded unless that was done.
    pub(crate) fn load(&self) -> Result<Arc<Diarizer>, Failure> {
        let Machine { compute_type, pool } = &self.machine;
        self.diarizer.get(|| {
            Diarizer::load(&self.folder, *compute_type, pool)
                .map_err(|error| Failure::from_error(Exit::Model, &error))
        })
    }
}
