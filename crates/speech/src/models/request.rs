//! Which model is wanted, which folders are searched, and which hub is asked.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use domain::align_model::TorchaudioBundle;
use domain::model::{ModelName, UnknownModel};

use super::align::AlignChoice;
use super::diarize::SpeakerModel;
use super::folder::ModelKind;
use super::revision::{ModelAt, Revisions};

/// Everything that finding a model depends on.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The model; `None` takes `base` if it is there, else `tiny.en`.
    pub choice: Option<ModelChoice>,
    /// Folders on this machine.
    pub places: Places,
    /// The hub that is asked last.
    pub hub: Hub,
}

impl ModelRequest {
    /// A request with the places and hub that environment variables name; `variable` looks one up.
    pub fn new(
        model: Option<ModelAt>,
        model_dir: Option<PathBuf>,
        offline: bool,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut places = Places::new(model_dir, &variable);
        if let Some(model) = &model {
            places.revisions = Revisions::only(model);
        }
        Self {
            choice: model.map(|model| model.choice),
            places,
            hub: Hub::new(offline, &variable),
        }
    }
}

/// A model as people ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelChoice {
    /// A published model.
    Name(ModelName),
    /// Any repository of the hub, as `owner/name`.
    Repository(String),
    /// A folder on this machine.
    Folder(PathBuf),
    /// A model that aligns words.
    Align(AlignChoice),
    /// A model of pyannote that tells speakers apart.
    Speakers(SpeakerModel),
}

impl ModelChoice {
    /// What the model is for.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Align(_) => ModelKind::Align,
            Self::Speakers(model) => model.kind(),
            _ => ModelKind::Whisper,
        }
    }

    /// The repository it comes from, as `owner/name`; a folder has none.
    pub fn repository(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name.repository()),
            Self::Repository(repository) | Self::Align(AlignChoice::Repository(repository)) => {
                Some(repository)
            }
            Self::Speakers(model) => Some(model.repository()),
            Self::Folder(_) | Self::Align(_) => None,
        }
    }

    /// The name, if it is a published model.
    pub fn name(&self) -> Option<ModelName> {
        match self {
            Self::Name(name) => Some(name.canonical()),
            _ => None,
        }
    }
}

impl FromStr for ModelChoice {
    type Err = UnknownModel;

    /// Reads a name of the command line (`turbo` included), a path, or `owner/name`.
    ///
    /// A name wins over a folder of the same name in the current folder; `./base` means the folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = match ModelName::from_command_line(text) {
            Ok(name) => return Ok(Self::Name(name)),
            Err(unknown) => unknown,
        };
        if is_a_path(text) {
            Ok(Self::Folder(PathBuf::from(text)))
        } else if is_repository(text) {
            Ok(Self::Repository(text.to_owned()))
        } else {
            Err(unknown)
        }
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Repository(repository) => f.write_str(repository),
            Self::Folder(path) => path.display().fmt(f),
            Self::Align(choice) => choice.fmt(f),
            Self::Speakers(model) => model.fmt(f),
        }
    }
}

/// True for a folder of the current folder, and for what is written as a path.
pub(super) fn is_a_path(text: &str) -> bool {
    Path::new(text).is_dir() || looks_like_a_path(text)
}

pub(super) fn looks_like_a_path(text: &str) -> bool {
    text.starts_with(['.', '/', '~', '\\']) || text.ends_with('/') || text.matches('/').count() > 1
}

pub(super) fn is_repository(text: &str) -> bool {
    let is_word = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !word.is_empty() && !word.starts_with('.') && word.chars().all(plain)
    };
    text.split_once('/')
        .is_some_and(|(owner, name)| is_word(owner) && is_word(name))
}

/// Folders in which models are searched, in this order, and where downloads go.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The folder of `--model-dir` or `MODEL_DIR`, with one folder a model.
    pub model_dir: Option<PathBuf>,
    /// Our cache, `$XDG_CACHE_HOME/scriven`; models lie in `models` below it.
    pub cache: Option<PathBuf>,
    /// The cache that Hugging Face tools share (`HF_HUB_CACHE`, `$HF_HOME/hub`); only read.
    pub hub_cache: Option<PathBuf>,
    /// The revisions of models that are searched and fetched.
    pub revisions: Revisions,
}

impl Places {
    fn new(model_dir: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let user_cache = user_cache(variable);
        Self {
            model_dir,
            cache: user_cache.as_ref().map(|cache| cache.join("scriven")),
            hub_cache: variable("HF_HUB_CACHE")
                .map(PathBuf::from)
                .or_else(|| Some(hub_home(variable)?.join("hub"))),
            revisions: Revisions::default(),
        }
    }

    /// The folder that gets downloads, one folder a model.
    pub fn downloads(&self) -> Option<PathBuf> {
        let ours = || Some(self.cache.as_ref()?.join("models"));
        self.model_dir.clone().or_else(ours)
    }

    /// The folders that hold one folder a model, in the order of the search.
    pub(super) fn shelves(&self) -> Vec<PathBuf> {
        let ours = self.cache.as_ref().map(|cache| cache.join("models"));
        self.model_dir.clone().into_iter().chain(ours).collect()
    }
}

/// `$XDG_CACHE_HOME`, which counts only if absolute (XDG base directory specification), or `~/.cache`.
fn user_cache(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))
}

fn hub_home(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variable("HF_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(user_cache(variable)?.join("huggingface")))
}

/// The hub that is asked for models.
#[derive(Clone)]
pub struct Hub {
    /// Address, without a slash at the end.
    pub endpoint: String,
    /// Where torchaudio's models are, without a slash at the end; `TORCHAUDIO_ENDPOINT` names a mirror.
    pub torchaudio: String,
    /// Access token for gated repositories.
    pub token: Option<String>,
    /// True if it is never to be asked.
    pub offline: bool,
}

impl Hub {
    fn new(offline: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| variable(name)?.into_string().ok();
        let stored_token = || fs::read_to_string(hub_home(variable)?.join("token")).ok();
        Self {
            endpoint: text("HF_ENDPOINT").map_or_else(
                || PUBLIC_HUB.to_owned(),
                |e| e.trim_end_matches('/').to_owned(),
            ),
            torchaudio: text("TORCHAUDIO_ENDPOINT").map_or_else(
                || TorchaudioBundle::SITE.to_owned(),
                |e| e.trim_end_matches('/').to_owned(),
            ),
            token: text("HF_TOKEN")
                .or_else(stored_token)
                .map(|token| token.trim().to_owned())
                .filter(|token| !token.is_empty()),
            offline: offline || text("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("torchaudio", &self.torchaudio)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("offline", &self.offline)
            .finish()
    }
}

const PUBLIC_HUB: &str = "https://huggingface.co";

/// The words that Hugging Face's own tools take for true.
fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places_and_hub(variables: &[(&str, &str)]) -> (Places, Hub) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let request = ModelRequest::new(None, None, false, variable);
        (request.places, request.hub)
    }

    #[test]
    fn a_choice_is_a_name_a_folder_or_a_repository() {
        let check = |text: &str, expected: &str| {
            let choice = text.parse::<ModelChoice>();
            let kind = match &choice {
                Ok(ModelChoice::Name(name)) => format!("name {name}"),
                Ok(ModelChoice::Repository(repository)) => format!("repository {repository}"),
                Ok(ModelChoice::Folder(path)) => format!("folder {}", path.display()),
                Ok(ModelChoice::Align(_) | ModelChoice::Speakers(_)) => "other".to_owned(),
                Err(_) => "unknown".to_owned(),
            };
            assert_eq!(kind, expected, "{text}");
        };
        check("base", "name base");
        check("turbo", "name large-v3-turbo");
        check(
            "nyrahealth/faster_CrisperWhisper",
            "name nyrahealth/faster_CrisperWhisper",
        );
        check("openai/whisper-tiny", "repository openai/whisper-tiny");
        check("./base", "folder ./base");
        check("/models/mine", "folder /models/mine");
        check("a/b/c", "folder a/b/c");
        check("mine/", "folder mine/");
        check("basee", "unknown");
        check("owner/", "folder owner/");
        check("owner/na me", "unknown");
    }

    #[test]
    fn folders_follow_the_environment() {
        let (places, _) = places_and_hub(&[("HOME", "/home/ann")]);
        assert_eq!(places.cache.unwrap(), Path::new("/home/ann/.cache/scriven"));
        assert_eq!(
            places.hub_cache.unwrap(),
            Path::new("/home/ann/.cache/huggingface/hub")
        );

        let (places, _) = places_and_hub(&[
            ("HOME", "/home/ann"),
            ("XDG_CACHE_HOME", "/cache"),
            ("HF_HOME", "/hf"),
        ]);
        assert_eq!(
            places.downloads().unwrap(),
            Path::new("/cache/scriven/models")
        );
        assert_eq!(places.hub_cache.unwrap(), Path::new("/hf/hub"));

        let (places, _) = places_and_hub(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/hub")]);
        assert_eq!(places.downloads(), None);
        assert_eq!(places.hub_cache.unwrap(), Path::new("/hub"));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let (places, hub) = places_and_hub(&[
            ("HOME", "/home/ann"),
            ("XDG_CACHE_HOME", ""),
            ("HF_ENDPOINT", ""),
            ("HF_HUB_OFFLINE", ""),
        ]);
        assert_eq!(places.cache.unwrap(), Path::new("/home/ann/.cache/scriven"));
        assert_eq!(hub.endpoint, "https://huggingface.co");
        assert!(!hub.offline);
    }

    #[test]
    fn the_hub_follows_the_environment_and_hides_its_token() {
        let (_, hub) = places_and_hub(&[
            ("HF_ENDPOINT", "https://mirror.example/"),
            ("HF_TOKEN", "hf_secret"),
            ("HF_HUB_OFFLINE", "TRUE"),
        ]);
        assert_eq!(hub.endpoint, "https://mirror.example");
        assert_eq!(hub.token.as_deref(), Some("hf_secret"));
        assert!(hub.offline);
        assert!(!format!("{hub:?}").contains("secret"));
    }

    #[test]
    fn a_token_that_was_stored_by_a_login_is_used() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("token"), "hf_stored\n").unwrap();
        let (_, hub) = places_and_hub(&[("HF_HOME", home.path().to_str().unwrap())]);
        assert_eq!(hub.token.as_deref(), Some("hf_stored"));
    }
}
