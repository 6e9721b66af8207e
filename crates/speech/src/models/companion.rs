//! Networks that work beside the recogniser: where they lie, and what they must be.

use std::path::PathBuf;

use domain::progress::Monitor;

use super::verify::{CheckedFile, check_files};
use super::{ModelError, Places};

/// A network that is not a recogniser. Each is one file in a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Companion {
    /// pyannote's segmentation-3.0: finds speech, and who of up to three speaks.
    Segmentation,
    /// 3D-Speaker's CAM++ for Chinese and English: voices as vectors.
    CamPlusPlus,
}

impl Companion {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Segmentation, Self::CamPlusPlus];

    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segmentation => "segmentation-3.0",
            Self::CamPlusPlus => "campplus",
        }
    }

    /// What it does, as the end of a sentence that begins with its name.
    fn purpose(self) -> &'static str {
        match self {
            Self::Segmentation => "finds the speech",
            Self::CamPlusPlus => "tells voices apart",
        }
    }

    /// The repository that publishes it.
    pub fn repository(self) -> &'static str {
        match self {
            Self::Segmentation => "pyannote/segmentation-3.0",
            Self::CamPlusPlus => "iic/speech_campplus_sv_zh_en_16k-common_advanced",
        }
    }

    /// The file with its weights.
    pub fn file(self) -> &'static str {
        match self {
            Self::Segmentation => "pytorch_model.bin",
            Self::CamPlusPlus => "campplus_cn_en_common.pt",
        }
    }

    /// The file's SHA-256: `scripts/fetch-models` knows the same.
    fn sha256(self) -> &'static str {
        match self {
            Self::Segmentation => {
                "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298"
            }
            Self::CamPlusPlus => "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
        }
    }

    /// The folder that holds it, unchecked; `None` if it is not on this machine.
    pub fn find(self, places: &Places) -> Option<PathBuf> {
        let mut folders = places
            .shelves()
            .into_iter()
            .map(|shelf| shelf.join(self.name()));
        folders.find(|folder| folder.join(self.file()).is_file())
    }

    /// The folder that holds it, unchecked. It is never fetched.
    ///
    /// # Errors
    /// It is not on this machine.
    pub fn require(self, places: &Places) -> Result<PathBuf, ModelError> {
        self.find(places).ok_or_else(|| self.missing(places))
    }

    /// The folder that holds it, its file being the one that was published.
    ///
    /// # Errors
    /// It is not on this machine, cannot be read, or is another file; or the monitor cancelled.
    pub fn locate(self, places: &Places, monitor: &dyn Monitor) -> Result<PathBuf, ModelError> {
        let folder = self.require(places)?;
        self.check(&folder, places, monitor, false)?;
        Ok(folder)
    }

    /// Reads the file whole and compares its sum, whatever was noted before.
    ///
    /// # Errors
    /// As [`Self::locate`].
    pub fn verify(
        self,
        places: &Places,
        monitor: &dyn Monitor,
    ) -> Result<(PathBuf, Vec<CheckedFile>), ModelError> {
        let folder = self.require(places)?;
        let checked = self.check(&folder, places, monitor, true)?;
        Ok((folder, checked))
    }

    /// That it is not on this machine, and how to get it.
    fn missing(self, places: &Places) -> ModelError {
        ModelError::NoCompanion {
            name: self.name(),
            purpose: self.purpose(),
            looked: places.shelves(),
        }
    }

    fn check(
        self,
        folder: &std::path::Path,
        places: &Places,
        monitor: &dyn Monitor,
        is_full: bool,
    ) -> Result<Vec<CheckedFile>, ModelError> {
        let expected = vec![(self.file().to_owned(), self.sha256().to_owned())];
        let remedy = format!("remove it and run scripts/fetch-models {}", self.name());
        check_files(folder, &[], expected, &remedy, places, monitor, is_full)
    }
}

#[cfg(test)]
mod tests {
    use domain::progress::Silent;

    use super::*;

    #[test]
    fn a_companion_is_found_checked_or_told_how_to_get() {
        let shelf = tempfile::tempdir().unwrap();
        let places = Places {
            model_dir: Some(shelf.path().to_owned()),
            ..Places::default()
        };
        let error = Companion::Segmentation
            .locate(&places, &Silent)
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("run scripts/fetch-models segmentation-3.0"),
            "{error}"
        );
        let folder = shelf.path().join("segmentation-3.0");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("pytorch_model.bin"), b"another file").unwrap();
        assert_eq!(Companion::Segmentation.find(&places), Some(folder));
        let error = Companion::Segmentation
            .locate(&places, &Silent)
            .unwrap_err();
        assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
    }
}
