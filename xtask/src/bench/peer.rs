//! The programs that we compare ourselves with, each in a virtual environment of its own.

use std::path::{Path, PathBuf};

use crate::python::Environment;

/// A program to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Peer {
    /// faster-whisper, and its batches with --batch-size
    FasterWhisper,
    /// The transcribe step of whisperX, voice activity detection included; installs some gigabytes
    #[value(name = "whisperx")]
    WhisperX,
    /// senko: who speaks when, alone; installs some gigabytes, and needs a C++ compiler
    Senko,
}

impl Peer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FasterWhisper => "faster-whisper",
            Self::WhisperX => "whisperX",
            Self::Senko => "senko",
        }
    }

    /// What is installed; the name of the folder follows.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::FasterWhisper => &["faster-whisper==1.2.1", "ctranslate2==4.8.5"],
            Self::WhisperX => &["whisperx==3.8.6", "ctranslate2==4.8.5"],
            Self::Senko => &["senko==0.2.2"],
        }
    }

    /// What pip is told besides.
    fn pip_options(self) -> &'static [&'static str] {
        match self {
            // Its published build asks for AVX-512, and is killed on processors without.
            Self::Senko => &["--no-binary=senko"],
            Self::FasterWhisper | Self::WhisperX => &[],
        }
    }

    /// The driver of the program.
    pub(super) fn script(self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench");
        folder.join(match self {
            Self::FasterWhisper => "peer.py",
            Self::WhisperX => "whisperx_peer.py",
            Self::Senko => "senko_peer.py",
        })
    }

    /// The Python of the environment, made if it is not there.
    ///
    /// # Errors
    /// Python has no `venv`, or pip reaches no package index.
    pub(super) fn install(self) -> anyhow::Result<PathBuf> {
        let environment = Environment {
            command: "bench",
            packages: self.packages(),
            pip_options: self.pip_options(),
            proof: match self {
                Self::FasterWhisper => "import faster_whisper",
                Self::WhisperX => "import whisperx",
                Self::Senko => "import senko",
            },
            hint: "set PIP_INDEX_URL to a mirror, or give --peer-python, or --no-peer to measure scriven alone",
        };
        environment.install()
    }
}
