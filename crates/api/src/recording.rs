//! Recordings that are to become tasks: they are read to their end first, so that no task is made of what is none.

use std::num::NonZeroU16;

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;
use store::Media;
use tokio_util::sync::CancellationToken;

use crate::extract::{FilePart, Form, StoredFile};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::FieldProblem;

/// A recording that can be decoded. Dropped, its file is removed.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) file_name: String,
    pub(crate) media: Media,
    pub(crate) duration: Seconds,
}

impl Recording {
    /// The recording in the field `file` of `form`, which is all that the form must have.
    ///
    /// # Errors
    /// `problems` holds any, it is missing, or no recording that can become a task.
    pub(crate) async fn alone(
        state: &ApiState,
        form: Form,
        problems: Vec<FieldProblem>,
        track: Option<NonZeroU16>,
    ) -> Result<Self, Problem> {
        let [file] = form
            .files(state, problems, [FilePart::recording("file")])
            .await?;
        Self::probe(state, file, track).await
    }

    /// Reads the audio track that is named, or the one that is taken without a name, of `file` to its end, on a thread that may block; only so many are read at once.
    ///
    /// # Errors
    /// It is no recording that can become a task.
    pub(crate) async fn probe(
        state: &ApiState,
        file: StoredFile,
        track: Option<NonZeroU16>,
    ) -> Result<Self, Problem> {
        let permit = state.probes.clone().acquire_owned().await;
        let permit = permit.map_err(|error| Problem::Unexpected(error.to_string()))?;
        let (probe, path) = (state.probe.clone(), file.media.path().to_owned());
        let client = Client {
            gone: CancellationToken::new(),
        };
        // With the client goes this future, and with it the guard.
        let _guard = client.gone.clone().drop_guard();
        let probed = tokio::task::spawn_blocking(move || {
            // Until the thread has ended.
            let _permit = permit;
            probe.probe(&path, track, &client)
        });
        let probed = probed.await;
        let probed =
            probed.map_err(|error| Problem::Unexpected(format!("the probe: {error}")))??;
        Ok(Self {
            file_name: file.file_name,
            media: file.media,
            duration: probed.duration,
        })
    }
}

/// Who waits for what is read.
struct Client {
    gone: CancellationToken,
}

impl Monitor for Client {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn is_cancelled(&self) -> bool {
        self.gone.is_cancelled()
    }
}
