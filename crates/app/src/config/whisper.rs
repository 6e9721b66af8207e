//! What requests get that name no model.

use domain::language::{Language, UnknownLanguage};
use domain::request::{Device, RequestedCompute};
use secrecy::{ExposeSecret, SecretString};

use super::pinned::PinnedModel;
use super::reader::{Reader, abridged};
use super::setting::section;
use super::value::{Value, Wrong, one_of, quoted};

section! {
    /// What requests get that name no model, and access to the hub of models.
    Whisper in &["whisper"];

    /// Token for gated models of the Hugging Face hub: `hf_` and letters or digits. Sent to the hub only.
    HF_TOKEN => hf_token: Option<SecretString> = Unset("the token of a Hugging Face login, if there is one");
    /// Model of requests that name none; `name@revision` pins it to a branch, a tag or a commit of its repository.
    WHISPER_MODEL => model: Option<PinnedModel> = Unset("tiny; where it is not installed, base or tiny.en if one is");
    /// Language of requests that name none, as a code such as `en`.
    DEFAULT_LANG => language: Language = Given("en");
    /// Device of requests that name none. This build computes on the processor only.
    DEVICE => device: Device = Given("cpu");
    /// Arithmetic of requests that name none: `int8`, or `float32`; `float16` is computed as `int8` on a processor.
    COMPUTE_TYPE => compute_type: RequestedCompute = Given("int8");
}

impl Whisper {
    /// Replaces what a processor cannot compute, and looks at the token.
    pub(super) fn check(mut self, reader: &mut Reader) -> Option<Self> {
        if self.device == Device::Cpu && self.compute_type == RequestedCompute::Float16 {
            self.compute_type = RequestedCompute::Int8;
            reader.note("COMPUTE_TYPE float16 is computed as int8 on a processor".to_owned());
        }
        if let Some(token) = &self.hf_token {
            let token = token.expose_secret();
            if token.contains(|c: char| c.is_whitespace() || !c.is_ascii_graphic()) {
                let reason = "must be 'hf_' and letters or digits, without spaces";
                reader.refuse("HF_TOKEN", reason.to_owned());
                return None;
            }
            if !looks_like_a_token(token) {
                let note =
                    "HF_TOKEN does not look like a token, which is 'hf_' and letters or digits";
                reader.note(note.to_owned());
            }
        }
        Some(self)
    }
}

fn looks_like_a_token(text: &str) -> bool {
    text.strip_prefix("hf_")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

one_of!(RequestedCompute, "one of float16, float32, int8");

impl Value for Device {
    const KIND: &'static str = "cpu";

    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.parse() {
            Ok(Self::Cpu) => Ok(Self::Cpu),
            Ok(Self::Cuda) => Err(Wrong::Because(
                "cannot be cuda: this build of scriven has no support for graphics cards"
                    .to_owned(),
            )),
            Err(_) => Err(Wrong::Kind),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self.as_str()))
    }
}

impl Value for Language {
    const KIND: &'static str = "the code of a language";

    /// Only codes, exactly, as in requests.
    fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some(language) = Self::all().find(|language| language.code() == text) {
            return Ok(language);
        }
        let meant = text.parse().ok();
        let meant = meant.or_else(|| UnknownLanguage(text.to_owned()).nearest());
        let hint = match meant {
            Some(meant) => format!("; did you mean '{}'?", meant.code()),
            None => String::new(),
        };
        Err(Wrong::Because(format!(
            "must be the code of a language such as 'en', not {}{hint}",
            abridged(text)
        )))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self.code()))
    }
}
