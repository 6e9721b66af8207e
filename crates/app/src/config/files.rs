//! Which recordings are taken, where they are kept, and what decodes them.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::abridged;
use super::setting::section;
use super::value::Item;

section! {
    /// Which recordings are taken, where they are kept until they are done, and what decodes them.
    Files in &["files", "whisper"];

    /// Endings of the names of audio files that are taken.
    AUDIO_EXTENSIONS => audio_extensions: Vec<Extension> = Given(
        r#"[".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".au", ".awb", ".caf", ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".m4r", ".mka", ".mp2", ".mp3", ".mpga", ".oga", ".ogg", ".opus", ".snd", ".spx", ".tta", ".voc", ".w64", ".wav", ".wave", ".weba", ".wma", ".wv"]"#
    );
    /// Endings of the names of video files that are taken.
    VIDEO_EXTENSIONS => video_extensions: Vec<Extension> = Given(
        r#"[".3g2", ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv"]"#
    );
    /// Folder in which the private folder `scriven-media` keeps recordings until their task is done; one service each.
    TEMP_DIR => temp_dir: Option<PathBuf> = Unset(
        "beside the database in <database>-media, which survives a reboot as the database does"
    );
    /// The program ffmpeg: a path, or a name that is looked up in `PATH`.
    FFMPEG_BINARY => ffmpeg: PathBuf = Given("ffmpeg");
    /// Seconds that decoding one file may take, by the clock and of processor time.
    FFMPEG_TIMEOUT => ffmpeg_timeout: Duration = Given("600"), from 1;
}

/// The end of a file's name, in lower case with its dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extension(String);

impl std::fmt::Display for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl Item for Extension {
    const LIST: &'static str = r#"a JSON list of endings such as [".mp3", ".wav"]"#;

    fn parse_item(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
        let rest = text.strip_prefix('.').unwrap_or_default();
        if !rest.is_empty() && rest.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            let problem = "which is no ending in lower case with a dot before it, such as .mp3";
            Err(format!("holds {}, {problem}", abridged(text)))
        }
    }

    fn write_item(&self) -> String {
        self.0.clone()
    }
}
