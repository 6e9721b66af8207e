//! Files of forms, stored as they come.

use serde_json::Value;
use store::{Media, MediaWriter};

use super::body::BodyLimits;
use super::file_name;
use super::form::{BESIDES, Form, Part, Parts};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{FieldProblem, echo};

/// A file that a form must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilePart {
    name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Recording,
    Document,
}

impl FilePart {
    /// A recording in the field `name`.
    pub(crate) const fn recording(name: &'static str) -> Self {
        let kind = Kind::Recording;
        Self { name, kind }
    }

    /// A JSON document in the field `name`.
    pub(crate) const fn document(name: &'static str) -> Self {
        let kind = Kind::Document;
        Self { name, kind }
    }

    fn extensions(self, state: &ApiState) -> Vec<String> {
        match self.kind {
            Kind::Recording => state.extensions.to_vec(),
            Kind::Document => vec![".json".to_owned()],
        }
    }

    fn max_bytes(self, state: &ApiState) -> u64 {
        match self.kind {
            Kind::Recording => state.settings.max_upload_bytes,
            Kind::Document => state.settings.max_json_bytes,
        }
    }
}

/// A file that was received. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct StoredFile {
    /// Its name, which is safe to keep.
    pub(crate) file_name: String,
    /// Where it lies.
    pub(crate) media: Media,
}

/// What came for a file part so far; later ones replace earlier ones.
#[derive(Debug)]
enum Slot {
    Missing,
    NoFile(Value),
    WrongExtension(String),
    /// It is as it should be, but will not be needed.
    Passed,
    /// It is there, though perhaps not on the disk yet: only the last of a name is worth waiting for.
    Written {
        file_name: String,
        writer: Box<MediaWriter>,
    },
}

impl Form {
    /// The files `wanted`, stored. The answer tells all problems of query and form at once; with a wrong query nothing is
    /// stored, and nothing is read that need not be.
    ///
    /// # Errors
    /// `problems` holds any, files are missing or have wrong names or are too large, or the disk fails.
    pub(crate) async fn files<const N: usize>(
        self,
        state: &ApiState,
        problems: Vec<FieldProblem>,
        wanted: [FilePart; N],
    ) -> Result<[StoredFile; N], Problem> {
        let max_bytes = wanted.iter().map(|part| part.max_bytes(state)).sum::<u64>();
        let parts = self.open(limits(state, max_bytes)).await?;
        let mut slots = [const { Slot::Missing }; N];
        let is_stored = problems.is_empty();
        receive(parts, state, &wanted, &mut slots, is_stored).await?;
        let problems = [problems, problems_of(&wanted, &slots)].concat();
        if !problems.is_empty() {
            return Err(Problem::Fields(problems));
        }
        files_of(state, wanted, slots).await
    }

    /// The text of the field `name`, which must not be empty.
    ///
    /// # Errors
    /// `problems` holds any, or the text is missing or too large.
    pub(crate) async fn text(
        self,
        state: &ApiState,
        mut problems: Vec<FieldProblem>,
        name: &'static str,
    ) -> Result<String, Problem> {
        let mut parts = self
            .open(limits(state, state.settings.max_json_bytes))
            .await?;
        let (mut text, mut is_file) = (String::new(), false);
        while let Some(part) = parts.next().await? {
            if part.name != name {
                part.discard().await?;
                continue;
            }
            is_file = part.file_name.is_some();
            text = if is_file {
                part.skip().await.map(|()| String::new())?
            } else {
                part.text().await?
            };
        }
        if is_file {
            problems.push(FieldProblem::no_text(name));
        } else if text.is_empty() {
            problems.push(FieldProblem::missing(name));
        }
        if problems.is_empty() {
            Ok(text)
        } else {
            Err(Problem::Fields(problems))
        }
    }
}

fn limits(state: &ApiState, max_bytes: u64) -> BodyLimits {
    BodyLimits {
        max_bytes: max_bytes.saturating_add(BESIDES),
        read_timeout: state.settings.body_read_timeout,
        total_timeout: state.settings.body_total_timeout,
    }
}

async fn receive(
    mut parts: Parts,
    state: &ApiState,
    wanted: &[FilePart],
    slots: &mut [Slot],
    is_stored: bool,
) -> Result<(), Problem> {
    while let Some(part) = parts.next().await? {
        let Some(at) = wanted.iter().position(|wanted| wanted.name == part.name) else {
            part.discard().await?;
            continue;
        };
        slots[at] = Slot::Missing; // what came before goes before more comes
        slots[at] = receive_part(part, state, wanted[at], is_stored).await?;
        let is_known = |slot: &Slot| !matches!(slot, Slot::Missing);
        if !is_stored && slots.iter().all(is_known) {
            break;
        }
    }
    Ok(())
}

async fn receive_part(
    part: Part<'_>,
    state: &ApiState,
    wanted: FilePart,
    is_stored: bool,
) -> Result<Slot, Problem> {
    let Some(sent_name) = part.file_name.clone() else {
        let text = part.text().await?;
        return Ok(Slot::NoFile(Value::String(echo(&text))));
    };
    let file_name = file_name::cleaned(&sent_name);
    let extension = outbound::extension(&file_name);
    let is_allowed = |extension| wanted.extensions(state).contains(&extension);
    if sent_name.is_empty() {
        part.skip().await?;
        return Ok(Slot::NoFile(Value::Null));
    }
    if !extension.is_some_and(is_allowed) {
        // Another of the same name may follow, but for a large one nobody is to wait.
        if part.skip_small().await? {
            return Ok(Slot::WrongExtension(file_name));
        }
        let allowed = wanted.extensions(state);
        return Err(Problem::Extension { file_name, allowed });
    }
    if !is_stored {
        return Ok(Slot::Passed);
    }
    let writer = write(part, state, wanted.max_bytes(state)).await?;
    Ok(Slot::Written {
        file_name,
        writer: Box::new(writer),
    })
}

async fn write(
    mut part: Part<'_>,
    state: &ApiState,
    max_size: u64,
) -> Result<MediaWriter, Problem> {
    let mut writer: MediaWriter = state.media.create().await?;
    while let Some(piece) = part.piece().await? {
        if writer.size_bytes() + piece.len() as u64 > max_size {
            let size = None;
            return Err(Problem::TooLarge { size, max_size });
        }
        writer.write(&piece).await?;
    }
    Ok(writer)
}

fn problems_of(wanted: &[FilePart], slots: &[Slot]) -> Vec<FieldProblem> {
    let problem = |(wanted, slot): (&FilePart, &Slot)| match slot {
        Slot::Missing => Some(FieldProblem::missing(wanted.name)),
        Slot::NoFile(input) => Some(FieldProblem::no_file(wanted.name, input.clone())),
        Slot::WrongExtension(_) | Slot::Passed | Slot::Written { .. } => None,
    };
    wanted.iter().zip(slots).filter_map(problem).collect()
}

async fn files_of<const N: usize>(
    state: &ApiState,
    wanted: [FilePart; N],
    slots: [Slot; N],
) -> Result<[StoredFile; N], Problem> {
    let mut files = Vec::with_capacity(N);
    for (wanted, slot) in wanted.into_iter().zip(slots) {
        match slot {
            Slot::Written { file_name, writer } => {
                let media = writer.finish().await?;
                files.push(StoredFile { file_name, media });
            }
            Slot::WrongExtension(file_name) => {
                let allowed = wanted.extensions(state);
                return Err(Problem::Extension { file_name, allowed });
            }
            Slot::Missing | Slot::NoFile(_) | Slot::Passed => {}
        }
    }
    let wrong = |_| Problem::Unexpected("a file of a form was lost".to_owned());
    files.try_into().map_err(wrong)
}
