//! One form of a recording, and its faults.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::fault::Fault;

/// Container, codec and settings of an encoder.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// What the file's name ends with.
    pub(super) extension: &'static str,
    /// How `ffmpeg` calls the container; needed for a pipe.
    pub(super) muxer: &'static str,
    pub(super) codec: &'static str,
    pub(super) rate: u32,
    pub(super) n_channels: u16,
    /// Bit rate, and what else the encoder is told.
    pub(super) mode: &'static str,
    /// Of the container or the codec.
    pub(super) faults: &'static [Fault],
}

/// A form with a fault, or as it should be.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) form: &'a Form,
    pub(super) fault: Option<&'a Fault>,
}

impl Form {
    pub(super) fn name(&self) -> String {
        let Self {
            extension, codec, ..
        } = self;
        let (rate, n_channels, mode) = (self.rate, self.n_channels, self.mode);
        format!("{extension} {codec} {rate} Hz {n_channels} ch {mode}")
    }

    /// Whether its channels differ, so that only what is heard in the recording itself can be expected of them.
    pub(super) fn is_mixture(&self) -> bool {
        self.mode.contains("-af ") || self.mode.contains("-filter_complex ")
    }

    /// As it should be, then with each fault.
    pub(super) fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let faults = self.faults.iter().map(Some);
        std::iter::once(None)
            .chain(faults)
            .map(|fault| Case { form: self, fault })
    }

    /// Writes the recording; `None` where this `ffmpeg` has no such encoder.
    pub(super) fn write(&self, source: &Path, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let path = folder.join(format!("whole.{}", self.extension));
        let mut command = self.command(source, &[]);
        let output = command.arg(&path).output().context("cannot run ffmpeg")?;
        let message = String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => Ok(Some(path)),
            false if message.contains("Unknown encoder") => Ok(None),
            false => bail!("{}: {message}", self.name()),
        }
    }

    /// `ffmpeg` with all arguments but the output.
    fn command(&self, source: &Path, cut: &[&str]) -> Command {
        let mut command = Command::new("ffmpeg");
        command
            .args(["-nostdin", "-v", "error", "-y", "-i"])
            .arg(source);
        command.args(["-c:a", self.codec, "-strict", "-2"]);
        command.args(["-ar", &self.rate.to_string()]);
        if !self.is_mixture() {
            command.args(["-ac", &self.n_channels.to_string()]);
        }
        command.args(self.mode.split_whitespace());
        command.args(cut).args(["-f", self.muxer]);
        command
    }

    /// What the encoder makes of a part of the recording, written to a pipe or a file.
    fn part(&self, source: &Path, cut: &[&str], to: &Path) -> anyhow::Result<Vec<u8>> {
        let is_pipe = to == Path::new("pipe:1");
        let output = self.command(source, cut).arg(to).output()?;
        if !output.status.success() {
            bail!(
                "{}: {}",
                self.name(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(if is_pipe {
            output.stdout
        } else {
            fs::read(to)?
        })
    }
}

impl Case<'_> {
    /// Writes the file, made from the one without a fault where it can be.
    pub(super) fn write(
        &self,
        whole: &Path,
        source: &Path,
        folder: &Path,
    ) -> anyhow::Result<PathBuf> {
        let Some(fault) = self.fault else {
            return Ok(whole.to_owned());
        };
        let form = self.form;
        let read = || fs::read(whole).context("cannot read what ffmpeg wrote");
        let bytes = match fault {
            Fault::Streamed => form.part(source, &[], Path::new("pipe:1"))?,
            Fault::Joined => {
                let half = folder.join(format!("half.{}", form.extension));
                let first = form.part(source, &["-t", "11.2"], &half)?;
                [first, form.part(source, &["-ss", "11.2"], &half)?].concat()
            }
            Fault::Number(number) => {
                let mut bytes = read()?;
                number.spoil(&mut bytes)?;
                bytes
            }
            Fault::InFront(_, what) => [what.bytes(), read()?].concat(),
            Fault::Behind(_, what) => [read()?, what.bytes()].concat(),
        };
        let path = folder.join(format!("fault.{}", form.extension));
        fs::write(&path, bytes)?;
        Ok(path)
    }
}

/// Decodes a file with `ffmpeg` into another.
pub(super) fn convert(from: &Path, to: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(from);
    let status = command.args(arguments).arg(to).status();
    if !status.context("cannot run ffmpeg")?.success() {
        bail!("ffmpeg cannot decode {}", from.display());
    }
    Ok(())
}
