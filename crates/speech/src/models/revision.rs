//! Which revision of a model is wanted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use domain::model::UnknownModel;

use super::request::{ModelChoice, looks_like_a_path};

/// A branch, a tag or a commit of a repository of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

/// The most characters of a revision; names of branches are shorter, and it is part of a folder's name.
const MAX_LENGTH: usize = 100;

impl Revision {
    /// The revision that is taken where none is asked for.
    pub(super) fn main() -> Self {
        Self("main".to_owned())
    }

    /// As it was asked for.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one state of the repository for ever.
    pub(super) fn is_commit(&self) -> bool {
        self.0.len() == 40 && self.0.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Revision {
    type Err = UnusableChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let is_part = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']);
        let is_good = text.len() <= MAX_LENGTH
            && text.chars().all(is_plain)
            && text.split('/').all(is_part)
            && !text.contains("..");
        if is_good {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnusableChoice::Revision(text.to_owned()))
        }
    }
}

/// A model as people ask for it, and the revision if they say one: `small`, `small@5e7a1f0`, `owner/name@v1.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAt {
    /// The model.
    pub choice: ModelChoice,
    /// Its revision; without one the main branch is meant, as it is when the model is fetched.
    pub revision: Option<Revision>,
}

impl ModelAt {
    /// The model at `revision`.
    ///
    /// # Errors
    /// It comes from no repository, or another revision was said before.
    pub fn at(self, revision: Revision) -> Result<Self, UnusableChoice> {
        if self.choice.repository().is_none() {
            return Err(UnusableChoice::NoRevisions(self.choice.to_string()));
        }
        match self.revision {
            Some(earlier) if earlier != revision => {
                let model = self.choice.to_string();
                Err(UnusableChoice::TwoRevisions(model, earlier, revision))
            }
            _ => Ok(Self {
                revision: Some(revision),
                ..self
            }),
        }
    }
}

impl From<ModelChoice> for ModelAt {
    fn from(choice: ModelChoice) -> Self {
        let revision = None;
        Self { choice, revision }
    }
}

impl FromStr for ModelAt {
    type Err = UnusableChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_path = looks_like_a_path(text.split('@').next().unwrap_or_default())
            || Path::new(text).is_dir();
        match text.split_once('@').filter(|_| !is_path) {
            None => Ok(text.parse::<ModelChoice>()?.into()),
            Some((model, revision)) => {
                let model = Self::from(model.parse::<ModelChoice>()?);
                model.at(revision.parse()?)
            }
        }
    }
}

impl fmt::Display for ModelAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.choice.fmt(f)?;
        match &self.revision {
            Some(revision) => write!(f, "@{revision}"),
            None => Ok(()),
        }
    }
}

/// The revisions that are wanted, by repository; of all others the main branch is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revisions(BTreeMap<String, Revision>);

impl Revisions {
    /// That of `model` alone.
    pub fn only(model: &ModelAt) -> Self {
        let repository = model.choice.repository().map(str::to_owned);
        let wanted = repository.zip(model.revision.clone());
        Self(wanted.into_iter().collect())
    }

    /// Wants `model` at its revision from now on, if it has one.
    ///
    /// # Errors
    /// Another revision of it is wanted already.
    pub fn want(&mut self, model: &ModelAt) -> Result<(), UnusableChoice> {
        let (Some(repository), Some(revision)) = (model.choice.repository(), &model.revision)
        else {
            return Ok(());
        };
        let wanted = self.0.entry(repository.to_owned());
        let wanted = wanted.or_insert_with(|| revision.clone());
        if wanted == revision {
            return Ok(());
        }
        let model = model.choice.to_string();
        let (earlier, later) = (wanted.clone(), revision.clone());
        Err(UnusableChoice::TwoRevisions(model, earlier, later))
    }

    /// The revision of `choice` that is wanted.
    pub(super) fn of(&self, choice: &ModelChoice) -> Option<&Revision> {
        self.0.get(choice.repository()?)
    }
}

/// A text names no model at a revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableChoice {
    /// It names no model.
    #[error(transparent)]
    Model(#[from] UnknownModel),
    /// It names no revision.
    #[error("'{0}' is no revision: it must be a branch, a tag or a commit")]
    Revision(String),
    /// It names a revision of something that has none.
    #[error("'{0}' has no revisions: it comes from no repository of the hub")]
    NoRevisions(String),
    /// Two revisions of one model are wanted.
    #[error("'{0}' is wanted at two revisions, '{1}' and '{2}'")]
    TwoRevisions(String, Revision, Revision),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_may_be_asked_for_at_a_revision() {
        let check = |text: &str, model: &str, revision: Option<&str>| {
            let found: ModelAt = text.parse().unwrap();
            let found_revision = found.revision.as_ref().map(Revision::as_str);
            assert_eq!(
                (found.choice.to_string().as_str(), found_revision),
                (model, revision)
            );
            assert_eq!(found.to_string(), text);
        };
        check("small", "small", None);
        check("small@v1.0", "small", Some("v1.0"));
        check("small@refs/pr/7", "small", Some("refs/pr/7"));
        check("owner/name@main", "owner/name", Some("main"));
        check("./mine@home", "./mine@home", None);
        check("/models/mine@home", "/models/mine@home", None);
    }

    #[test]
    fn what_names_no_revision_is_refused() {
        let long = format!("small@{}", "a".repeat(101));
        for text in [
            "small@",
            "small@a b",
            "small@../x",
            "small@a//b",
            "small@-x",
            "small@a@b",
            "small@.a",
            "small@a/../b",
            &long,
        ] {
            let error = text.parse::<ModelAt>().unwrap_err();
            assert!(matches!(error, UnusableChoice::Revision(_)), "{text}");
        }
        let error = "smal@main".parse::<ModelAt>().unwrap_err();
        assert!(
            error.to_string().contains("did you mean 'small'?"),
            "{error}"
        );
        let folder = ModelAt::from(ModelChoice::Folder("/models/mine".into()));
        let error = folder.at(Revision::main()).unwrap_err();
        assert!(matches!(error, UnusableChoice::NoRevisions(_)));
    }

    #[test]
    fn one_model_is_wanted_at_one_revision() {
        let mut revisions = Revisions::default();
        let mut want = |text: &str| revisions.want(&text.parse().unwrap());
        want("large-v3@v1").unwrap();
        want("large-v3").unwrap();
        want("small@v2").unwrap();
        // By another name, and by its repository.
        want("large@v1").unwrap();
        let error = want("Systran/faster-whisper-large-v3@v2").unwrap_err();
        assert!(matches!(error, UnusableChoice::TwoRevisions(..)), "{error}");
    }
}
