//! `scriven models …`: which models there are, and bringing and checking them.

mod list;
mod wanted;

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use speech::models::{self, ModelError, ModelRequest, Revision, UnusableChoice};

use self::wanted::Wanted;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::stdout;

/// List, fetch and check models
#[derive(Debug, clap::Args)]
#[command(after_help = PLACES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,

    /// Folder with one folder a model, searched first; downloads go there
    #[arg(long, value_name = "FOLDER", env = "MODEL_DIR", global = true)]
    model_dir: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show every published model, and where it lies if it is here
    List {
        /// As a JSON document
        #[arg(long)]
        json: bool,
    },
    /// Fetch models that are not here, and mend damaged ones; prints their folders
    Pull {
        /// Models to fetch
        #[arg(value_name = "MODEL", required = true)]
        models: Vec<Wanted>,
        /// Branch, tag or commit of their repositories
        #[arg(long)]
        revision: Option<Revision>,
        /// Only look on this machine
        #[arg(long)]
        offline: bool,
    },
    /// Read every file of models and compare their SHA-256
    Verify {
        /// Models to check [default: all that are here]
        #[arg(value_name = "MODEL")]
        models: Vec<Wanted>,
        /// Branch, tag or commit of their repositories
        #[arg(long, requires = "models")]
        revision: Option<Revision>,
    },
    /// Print the folder of a model that is here
    Path {
        /// The model [default: base if installed, else tiny.en]
        #[arg(value_name = "MODEL")]
        model: Option<Wanted>,
        /// Branch, tag or commit of its repository
        #[arg(long, requires = "model")]
        revision: Option<Revision>,
    },
}

/// Does what the flags say.
pub(crate) fn run(args: Args) -> Exit {
    let console = Console::new(false);
    let interrupt = Interrupt::watch();
    let offline = matches!(
        args.command,
        Command::Path { .. } | Command::Pull { offline: true, .. }
    );
    let run = Run {
        console: &console,
        interrupt: &interrupt,
        request: ModelRequest::new(None, args.model_dir, offline, |name| env::var_os(name)),
    };
    let exit = match args.command {
        Command::List { json } => run.list(json),
        Command::Pull {
            models, revision, ..
        } => run.each_at(models, revision.as_ref(), |wanted| run.pull(wanted)),
        Command::Verify { models, .. } if models.is_empty() => run
            .each(&list::installed(&run.request.places), |wanted| {
                run.verify(wanted)
            }),
        Command::Verify { models, revision } => {
            run.each_at(models, revision.as_ref(), |wanted| run.verify(wanted))
        }
        Command::Path { model, revision } => match at(model, revision) {
            Ok(model) => run.path(model),
            Err(error) => run.refuse(&error),
        },
    };
    if interrupt.is_requested() {
        Exit::Interrupted
    } else {
        exit
    }
}

/// The model at `revision`, if one was asked for.
fn at(model: Option<Wanted>, revision: Option<Revision>) -> Result<Option<Wanted>, UnusableChoice> {
    match (model, revision) {
        (Some(model), Some(revision)) => model.at(revision).map(Some),
        (model, _) => Ok(model),
    }
}

struct Run<'a> {
    console: &'a Console,
    interrupt: &'a Interrupt,
    request: ModelRequest,
}

impl Run<'_> {
    fn list(&self, json: bool) -> Exit {
        let models = list::models(&self.request.places);
        let text = if json {
            list::as_json(&models)
        } else {
            list::as_table(&models)
        };
        self.print(&text)
    }

    fn pull(&self, wanted: &Wanted) -> Result<String, ModelError> {
        let progress = self.console.follow(&wanted.to_string(), self.interrupt);
        let path = wanted.pull(&self.request, &progress)?;
        Ok(format!("{}\n", path.display()))
    }

    fn verify(&self, wanted: &Wanted) -> Result<String, ModelError> {
        let progress = self.console.follow(&wanted.to_string(), self.interrupt);
        let (folder, checked) = progress.spin("checking", || {
            wanted.verify(&self.request.places, &progress)
        })?;
        let mut text = String::new();
        for file in checked {
            let path = folder.join(&file.name);
            let verdict = match file.sha256 {
                Some(sum) => format!("ok       {sum}"),
                None => "unknown  no SHA-256 is known".to_owned(),
            };
            let _ = writeln!(text, "{verdict}  {}", path.display());
        }
        Ok(text)
    }

    fn path(&self, wanted: Option<Wanted>) -> Exit {
        let progress = self.console.follow("model", self.interrupt);
        let found = match wanted {
            Some(wanted) => wanted.locate(&self.request, &progress),
            None => models::locate(&self.request, &progress).map(|model| model.path),
        };
        match found {
            Ok(path) => self.print(&format!("{}\n", path.display())),
            // Nobody switched downloads off; this command never fetches.
            Err(ModelError::Offline { model, .. }) => self.fail(&ModelError::NotHere(model)),
            Err(error) => self.fail(&error),
        }
    }

    /// The same for models at `revision`, if one was asked for.
    fn each_at(
        &self,
        models: Vec<Wanted>,
        revision: Option<&Revision>,
        work: impl Fn(&Wanted) -> Result<String, ModelError>,
    ) -> Exit {
        let models = models
            .into_iter()
            .map(|model| at(Some(model), revision.cloned()));
        match models.collect::<Result<Vec<_>, _>>() {
            Ok(models) => self.each(&models.into_iter().flatten().collect::<Vec<_>>(), work),
            Err(error) => self.refuse(&error),
        }
    }

    fn refuse(&self, error: &UnusableChoice) -> Exit {
        self.console
            .failure(&Failure::from_error(Exit::Usage, error));
        Exit::Usage
    }

    /// Does `work` on one model after the other; one that fails does not stop the others.
    fn each(
        &self,
        models: &[Wanted],
        work: impl Fn(&Wanted) -> Result<String, ModelError>,
    ) -> Exit {
        let mut worst = Exit::Ok;
        for wanted in models {
            let exit = match work(wanted) {
                Ok(text) => self.print(&text),
                Err(error) => self.fail(&error),
            };
            worst = worst.max(exit);
            if self.interrupt.is_requested() {
                break;
            }
        }
        worst
    }
}

impl Run<'_> {
    fn fail(&self, error: &ModelError) -> Exit {
        let exit = match error {
            ModelError::Cancelled => Exit::Interrupted,
            _ => Exit::Model,
        };
        // What fails because of Ctrl-C needs no words.
        if !self.interrupt.is_requested() {
            self.console.failure(&Failure::from_error(exit, error));
        }
        exit
    }

    fn print(&self, text: &str) -> Exit {
        self.console.conclude(stdout::print(text))
    }
}

const PLACES: &str = "\
A model is a name such as 'small', a repository of the Hugging Face hub as owner/name, or a folder;
'small@v1.0' is small at a branch, a tag or a commit of its repository. The
network that finds speech is 'segmentation-3.0', and alignment models are called as in --align-model.
Models are searched in the folder of --model-dir or MODEL_DIR, in $XDG_CACHE_HOME/scriven/models
(else ~/.cache/scriven/models), and in the cache that Hugging Face tools share; downloads go to the
first of them. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are respected.";
