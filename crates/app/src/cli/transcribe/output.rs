//! Where results go: one stream, or a folder of files that are never half-written.

use std::borrow::Cow;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::export::Format;
use domain::transcript::Transcript;
use tempfile::{Builder, NamedTempFile};

use super::names;
use crate::cli::Input;
use crate::cli::layout_args::LayoutArgs;
use crate::cli::split_args::SplitArgs;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::stdout::{Written, print};

/// Where results go, and in which formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// Standard output, in one format.
    Stream {
        format: Format,
        /// Say before each result which recording it is of.
        with_headers: bool,
    },
    /// Files in a folder.
    Folder {
        folder: PathBuf,
        formats: Vec<Format>,
    },
}

/// How results look.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) layout: LayoutArgs,
    /// Whether segments are cut where the speaker changes; `None` where speakers are not known.
    pub(super) split: Option<SplitArgs>,
}

impl Shape {
    /// The text of one file.
    fn render(&self, transcript: &Transcript, format: Format) -> Result<String, Failure> {
        self.layout.render(&self.split(transcript, format), format)
    }

    /// The text for standard output.
    fn render_for_stdout(
        &self,
        transcript: &Transcript,
        format: Format,
    ) -> Result<String, Failure> {
        let transcript = self.split(transcript, format);
        self.layout.render_for_stdout(&transcript, format)
    }

    fn split<'a>(&self, transcript: &'a Transcript, format: Format) -> Cow<'a, Transcript> {
        match self.split {
            Some(split) => split.apply(transcript, format),
            None => Cow::Borrowed(transcript),
        }
    }
}

impl Output {
    /// Two recordings whose results would have one name, or a result that would replace a recording.
    pub(super) fn find_clash(&self, inputs: &[Input]) -> Option<Failure> {
        match self {
            Self::Stream { .. } => None,
            Self::Folder { folder, formats } => names::find_clash(folder, inputs, formats),
        }
    }

    /// What people should know of the names of results.
    pub(super) fn notes(&self, inputs: &[Input]) -> Vec<String> {
        match self {
            Self::Stream { .. } => Vec::new(),
            Self::Folder { formats, .. } => names::notes(inputs, formats),
        }
    }

    /// Makes the folder, and sees that every result can be written in it.
    pub(super) fn prepare(&self, inputs: &[Input]) -> Result<(), Failure> {
        let Self::Folder { folder, formats } = self else {
            return Ok(());
        };
        try_folder(folder).map_err(|error| {
            let message = format!("cannot write in {}: {error}", folder.display());
            Failure::new(Exit::Usage, message).with_hint("name another folder with --output-dir")
        })?;
        for input in inputs {
            for format in formats {
                names::check(&names::path_of(folder, input, formats, *format))?;
            }
        }
        Ok(())
    }

    /// Writes the result of `input`; `is_first` tells whether it is the first to go out.
    pub(super) fn write(
        &self,
        input: &Input,
        transcript: &Transcript,
        shape: &Shape,
        is_first: bool,
        interrupt: &Interrupt,
    ) -> Result<Written, Failure> {
        match self {
            Self::Stream {
                format,
                with_headers,
            } => {
                let text = shape.render_for_stdout(transcript, *format)?;
                let gap = if is_first { "" } else { "\n" };
                print(&if *with_headers {
                    format!("{gap}==> {input} <==\n{text}")
                } else {
                    text
                })
            }
            Self::Folder { folder, formats } => {
                for format in formats {
                    let path = names::path_of(folder, input, formats, *format);
                    let text = shape.render(transcript, *format)?;
                    replace(&path, folder, &text, interrupt).map_err(|error| {
                        let message = format!("cannot write {}: {error}", path.display());
                        Failure::new(Exit::Internal, message)
                    })?;
                }
                Ok(Written::Whole)
            }
        }
    }
}

/// Makes the folder, writes a little, and takes it away again.
fn try_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut probe = new_file(folder)?;
    probe.as_file_mut().write_all(&[0; 4096])
}

/// Writes beside `path`, then puts the whole file in its place.
fn replace(path: &Path, folder: &Path, text: &str, interrupt: &Interrupt) -> io::Result<()> {
    let mut file = new_file(folder)?;
    let _unfinished = interrupt.half_written(file.path());
    file.as_file_mut().write_all(text.as_bytes())?;
    // Some disks say only now that they are full.
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// A nameless-looking file that is removed unless it is kept.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".scriven-").suffix(".part");
    #[cfg(unix)]
    let permissions: Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder).map_err(without_path)
}

/// People know the folder, and need not know the name of a file that comes and goes.
fn without_path(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => error.kind().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_output(folder: &Path) -> Output {
        Output::Folder {
            folder: folder.to_owned(),
            formats: vec![Format::Txt, Format::Srt],
        }
    }

    #[test]
    fn files_are_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("talk.txt"), "old").unwrap();
        let output = folder_output(folder.path());
        let input = Input::new("talk.wav".into());
        output.prepare(std::slice::from_ref(&input)).unwrap();
        let written = output.write(
            &input,
            &Transcript::default(),
            &Shape::default(),
            true,
            &Interrupt::default(),
        );
        assert_eq!(written, Ok(Written::Whole));
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["talk.srt", "talk.txt"]);
        assert_eq!(
            fs::read_to_string(folder.path().join("talk.txt")).unwrap(),
            ""
        );
    }

    #[test]
    fn a_result_that_cannot_be_placed_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("talk.txt")).unwrap();
        let output = folder_output(folder.path());
        let failure = output
            .write(
                &Input::new("talk.wav".into()),
                &Transcript::default(),
                &Shape::default(),
                true,
                &Interrupt::default(),
            )
            .unwrap_err();
        assert_eq!(failure.exit, Exit::Internal);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
