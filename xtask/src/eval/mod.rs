//! `cargo xtask eval`: the whole pipeline over recordings with references: words, their times, speakers, speed and memory.

mod expect;
mod report;
mod row;
mod tables;

use std::path::PathBuf;

use anyhow::{Context, bail};

use self::report::Report;
use self::row::{References, Row};
use crate::console::say;
use crate::engine::{Engine, Request, Settings};
use crate::manifest::{Item, Manifest, beside_the_repository};

/// What to evaluate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// List of recordings with their references [default: ../shared/eval/manifest.json beside the repository]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Recogniser by name, or its folder
    #[arg(long, value_name = "NAME", default_value = "base")]
    model: String,
    /// Only recordings of these kinds, as the manifest names them
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only these recordings
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    ids: Vec<String>,
    /// Only the first N recordings that are left
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Whether the pipeline is told the language, or detects it
    #[arg(long, value_enum, default_value_t = Told::Given)]
    language: Told,
    /// Whether diarization finds the number of speakers, or is told it
    #[arg(long, value_enum, default_value_t = Speakers::Found)]
    num_speakers: Speakers,
    /// Chunks of speech decoded side by side
    #[arg(long, value_name = "N", default_value_t = 8)]
    batch_size: usize,
    /// Run one stage after the other, to see what each takes alone
    #[arg(long)]
    one_by_one: bool,
    #[command(flatten)]
    engine: Settings,
    /// Write everything here too: results, scores and times of each recording
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Whether the language is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Told {
    /// As the manifest says
    Given,
    /// Found by the recogniser
    Detected,
}

/// Whether the number of speakers is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Speakers {
    /// By diarization
    Found,
    /// As the manifest says
    Oracle,
}

/// Evaluates the recordings and prints tables.
///
/// # Errors
/// The manifest or a reference cannot be read, or the pipeline cannot be built or started.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let path = options
        .manifest
        .clone()
        .unwrap_or_else(beside_the_repository);
    let manifest = Manifest::read(&path)?;
    let items = select(&manifest, options)?.into_iter();
    // Now, not after hours of work.
    let items = items.map(|item| References::read(&manifest, item));
    let items: Vec<_> = items.collect::<Result<_, _>>()?;
    let mut engine = Engine::start(&options.model, &options.engine)?;
    let mut report = Report::new(options, &engine);
    for (i, references) in items.iter().enumerate() {
        let item = references.item;
        progress(i, items.len(), item);
        let answer = engine.ask(&request(&manifest, item, options))?;
        let row = Row::new(references, answer);
        say("eval", &format!("    {}", row.summary()));
        report.rows.push(row);
    }
    report.print();
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Says which recording is under way.
fn progress(i: usize, n: usize, item: &Item) {
    let seconds = item.duration_s.map(|seconds| format!(" ({seconds:.0} s)"));
    let (number, seconds) = (i + 1, seconds.unwrap_or_default());
    say("eval", &format!("[{number}/{n}] {}{seconds}", item.id));
}

/// The recordings asked for.
fn select<'a>(manifest: &'a Manifest, options: &Options) -> anyhow::Result<Vec<&'a Item>> {
    let knows_only_english = options.model.strip_suffix(".en").is_some();
    let wanted = |list: &[String], name: &String| list.is_empty() || list.contains(name);
    let items = manifest.items.iter().filter(|item| {
        let is_other = item
            .lang
            .as_deref()
            .is_some_and(|code| code != "en" && code != "zxx");
        wanted(&options.kinds, &item.kind)
            && wanted(&options.ids, &item.id)
            && !(knows_only_english && is_other)
    });
    let items: Vec<&Item> = items.take(options.limit.unwrap_or(usize::MAX)).collect();
    if items.is_empty() {
        let mut kinds: Vec<&str> = manifest.items.iter().map(|item| &*item.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let (n, kinds) = (manifest.items.len(), kinds.join(", "));
        bail!("none of the {n} recordings is asked for; there are these kinds: {kinds}");
    }
    Ok(items)
}

fn request<'a>(manifest: &Manifest, item: &'a Item, options: &Options) -> Request<'a> {
    let given = item.lang.as_deref().filter(|code| *code != "zxx");
    Request {
        kind: "evaluate",
        path: manifest.audio(item),
        language: given.filter(|_| options.language == Told::Given),
        batch_size: options.batch_size,
        side_by_side: !options.one_by_one,
        num_speakers: (item.n_speakers)
            .filter(|n| *n > 0 && options.num_speakers == Speakers::Oracle),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(flags: &str) -> Options {
        let line = std::iter::once("eval").chain(flags.split_whitespace());
        Line::parse_from(line).options
    }

    fn manifest() -> Manifest {
        let item = |id: &str, kind: &str, lang: &str| Item {
            id: id.to_owned(),
            kind: kind.to_owned(),
            lang: Some(lang.to_owned()),
            n_speakers: Some(2),
            ..Item::default()
        };
        Manifest {
            folder: PathBuf::new(),
            items: vec![
                item("talk", "diar", "en"),
                item("reden", "multi", "de"),
                Item {
                    n_speakers: Some(0),
                    ..item("hiss", "noise", "zxx")
                },
            ],
        }
    }

    #[test]
    fn recordings_are_chosen_by_kind_id_and_number() {
        let manifest = manifest();
        let check = |flags, expected: &[&str]| {
            let items = select(&manifest, &options(flags)).unwrap();
            let ids: Vec<_> = items.iter().map(|item| item.id.as_str()).collect();
            assert_eq!(ids, expected, "{flags}");
        };
        check("", &["talk", "reden", "hiss"]);
        check("--kinds multi,noise", &["reden", "hiss"]);
        check("--kinds multi,noise --limit 1", &["reden"]);
        check("--ids talk,hiss --kinds noise", &["hiss"]);
        check("--model tiny.en", &["talk", "hiss"]);
    }

    #[test]
    fn asking_for_nothing_says_what_there_is() {
        let problem = select(&manifest(), &options("--kinds asr")).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "none of the 3 recordings is asked for; there are these kinds: diar, multi, noise"
        );
    }

    #[test]
    fn the_pipeline_is_told_only_what_it_may_know() {
        let manifest = manifest();
        let check = |flags, item: usize, language: Option<&str>, num_speakers| {
            let request = request(&manifest, &manifest.items[item], &options(flags));
            assert_eq!(
                (request.language, request.num_speakers),
                (language, num_speakers),
                "{flags}"
            );
        };
        check("", 1, Some("de"), None);
        check("", 2, None, None);
        check("--language detected", 1, None, None);
        check("--num-speakers oracle", 0, Some("en"), Some(2));
        check("--num-speakers oracle", 2, None, None);
    }
}
