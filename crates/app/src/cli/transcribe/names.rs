//! What result files are called, and whether all of them can be written: seen before any work is done.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::export::Format;

use crate::cli::Input;
use crate::exit::{Exit, Failure};

/// The longest name of a file that common file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The path of the result of `input` in `format`, which is one of `formats`: the name of the recording, shortened where
/// it is too long for any of them, with another extension.
pub(super) fn path_of(folder: &Path, input: &Input, formats: &[Format], format: Format) -> PathBuf {
    let base_name = input.base_name();
    let mut name = shortened(input, formats).unwrap_or(base_name);
    name.push(".");
    name.push(format.extension());
    folder.join(name)
}

/// The name of the recording where it must be cut to leave room for an extension, at the edge of a character.
fn shortened(input: &Input, formats: &[Format]) -> Option<OsString> {
    let extensions = formats.iter().map(|format| format.extension().len() + 1);
    let max_bytes = MAX_NAME_BYTES - extensions.max().unwrap_or(0);
    let name = input.base_name();
    (name.len() > max_bytes).then(|| {
        let text = name.to_string_lossy();
        text[..text.floor_char_boundary(max_bytes)].into()
    })
}

/// What people should know of names that were shortened.
pub(super) fn notes(inputs: &[Input], formats: &[Format]) -> Vec<String> {
    let shortened = inputs
        .iter()
        .filter(|input| shortened(input, formats).is_some());
    let note = |input: &Input| {
        let label = input.label();
        format!(
            "{label}: its results have a shorter name, since a name has at most {MAX_NAME_BYTES} bytes"
        )
    };
    shortened.map(note).collect()
}

/// Two recordings whose results would have one name, or a result that would replace a recording.
pub(super) fn find_clash(folder: &Path, inputs: &[Input], formats: &[Format]) -> Option<Failure> {
    let recordings: HashSet<_> = inputs.iter().filter_map(Input::real_path).collect();
    let mut owners: HashMap<PathBuf, &Input> = HashMap::new();
    for input in inputs {
        for format in formats {
            let path = path_of(folder, input, formats, *format);
            if path
                .canonicalize()
                .is_ok_and(|path| recordings.contains(&path))
            {
                return Some(clash(format!(
                    "the result of {input} would replace the recording {}",
                    path.display()
                )));
            }
            if let Some(owner) = owners.insert(path.clone(), input) {
                return Some(clash(format!(
                    "the results of {owner} and {input} would both be {}",
                    path.display()
                )));
            }
        }
    }
    None
}

fn clash(message: String) -> Failure {
    Failure::new(Exit::Usage, message)
        .with_hint("transcribe them in two runs, with another --output-dir")
}

/// Sees that a file can have this path: nothing is there, or a file that may be replaced.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    let reason = match fs::metadata(path) {
        Ok(found) if found.is_dir() => "there is a folder of that name".to_owned(),
        Err(error) if error.kind() != io::ErrorKind::NotFound => error.to_string(),
        _ => return Ok(()),
    };
    let message = format!("cannot write {}: {reason}", path.display());
    Err(Failure::new(Exit::Usage, message).with_hint("name another folder with --output-dir"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [Format; 2] = [Format::Txt, Format::Json];

    fn inputs(paths: &[&str]) -> Vec<Input> {
        paths.iter().map(|path| Input::new(path.into())).collect()
    }

    #[test]
    fn two_recordings_of_one_name_clash() {
        let clash = |paths: &[&str]| find_clash(Path::new("out"), &inputs(paths), &FORMATS);
        assert_eq!(clash(&["a/x.wav", "y.wav"]), None);
        let found = clash(&["a/x.wav", "b/x.mp3"]).unwrap();
        assert_eq!(found.exit, Exit::Usage);
        assert_eq!(
            found.message,
            "the results of a/x.wav and b/x.mp3 would both be out/x.txt"
        );
        // names that differ only in what is cut off
        let long = "y".repeat(250);
        let found = clash(&[&format!("{long}a.wav"), &format!("{long}b.wav")]);
        assert!(found.unwrap().message.contains("would both be out/yyy"));
    }

    #[test]
    fn a_result_does_not_replace_a_recording() {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("talk.txt");
        fs::write(&recording, "RIFF").unwrap();
        let clash = find_clash(folder.path(), &[Input::new(recording)], &FORMATS).unwrap();
        assert!(clash.message.contains("would replace the recording"));
    }

    #[test]
    fn a_long_name_is_cut_at_the_edge_of_a_character_for_all_formats_alike() {
        for (stem, expected) in [
            ("talk".to_owned(), "talk".to_owned()),
            ("y".repeat(250), "y".repeat(250)),
            ("y".repeat(251), "y".repeat(250)),
            ("é".repeat(125) + "y", "é".repeat(125)),
            (
                "y".to_owned() + &"好".repeat(84),
                "y".to_owned() + &"好".repeat(83),
            ),
        ] {
            let input = Input::new(format!("{stem}.mp3").into());
            for format in FORMATS {
                let path = path_of(Path::new("out"), &input, &FORMATS, format);
                let expected = format!("out/{expected}.{format}");
                assert_eq!(path, Path::new(&expected));
            }
            assert_eq!(notes(&[input], &FORMATS).is_empty(), stem == expected);
        }
    }

    #[test]
    fn a_path_that_cannot_be_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("talk.txt")).unwrap();
        fs::write(folder.path().join("talk.json"), "old").unwrap();
        let refusal = |name: &str| {
            let failure = check(&folder.path().join(name)).err()?;
            assert_eq!(failure.exit, Exit::Usage);
            Some(failure.message)
        };
        assert_eq!(refusal("talk.srt"), None);
        assert_eq!(refusal("talk.json"), None);
        let folder_there = refusal("talk.txt").unwrap();
        assert!(folder_there.ends_with("talk.txt: there is a folder of that name"));
        let too_long = refusal(&"y/".repeat(3000)).unwrap();
        assert!(too_long.contains("too long"), "{too_long}");
    }
}
