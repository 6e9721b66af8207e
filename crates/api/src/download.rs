//! Recordings that lie on other machines (contract 7.4).

use outbound::{DownloadFailure, Receiver};
use store::{MediaError, MediaWriter};

use crate::extract::StoredFile;
use crate::problem::Problem;
use crate::state::ApiState;

/// Fetches the recording at `url`.
///
/// # Errors
/// It may not be called, does not come whole and in time, has no name of a recording, or is too large.
pub(crate) async fn download(state: &ApiState, url: &str) -> Result<StoredFile, Problem> {
    let limits = state.settings.download;
    let mut file = IntoFile(state.media.create().await?);
    let download = state
        .outbound
        .download(url, &state.extensions, limits, &mut file);
    let downloaded = download.await.map_err(|failure| match failure {
        DownloadFailure::NotAllowed(refusal) => Problem::UrlNotAllowed {
            url: url.to_owned(),
            reason: refusal.to_string(),
        },
        DownloadFailure::Failed(reason) => Problem::Download(reason),
        DownloadFailure::Extension {
            file_name,
            extension,
            content_type,
        } => Problem::DownloadExtension {
            file_name,
            extension,
            content_type,
            allowed: state.extensions.to_vec(),
        },
        DownloadFailure::TooLarge {
            size_bytes,
            max_bytes,
        } => Problem::TooLarge {
            size: Some(size_bytes),
            max_size: max_bytes,
        },
        DownloadFailure::Receiver(error) => error.into(),
    })?;
    Ok(StoredFile {
        file_name: downloaded.file_name,
        media: file.0.finish().await?,
    })
}

/// Writes what is downloaded.
struct IntoFile(MediaWriter);

impl Receiver for IntoFile {
    type Error = MediaError;

    async fn receive(&mut self, bytes: &[u8]) -> Result<(), MediaError> {
        self.0.write(bytes).await
    }
}
