//! The pipeline as a resident program that is started again when a recording kills it.

mod answer;

use std::path::PathBuf;
use std::process::Command;

use crate::driver::Driver;
use crate::{example, models};

pub(crate) use self::answer::{Answer, Failure, Request, Stage};

/// How the pipeline is to run.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Settings {
    /// Threads of the pipeline
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) threads: usize,
    /// Arithmetic of the recogniser and of the network that hears voices
    #[arg(long, value_parser = ["int8", "float32"], default_value = "int8")]
    pub(crate) compute_type: String,
    /// Build profile of the pipeline
    #[arg(long, default_value = "release")]
    pub(crate) profile: String,
}

/// The program and how it is started.
#[derive(Debug)]
pub(crate) struct Engine {
    program: PathBuf,
    arguments: Vec<String>,
    driver: Driver,
}

impl Engine {
    /// Builds the program and loads the models.
    ///
    /// # Errors
    /// It does not build, or a model is missing.
    pub(crate) fn start(model: &str, settings: &Settings) -> anyhow::Result<Self> {
        let folder = |path: PathBuf| path.to_string_lossy().into_owned();
        let arguments = vec![
            settings.threads.to_string(),
            settings.compute_type.clone(),
            folder(models::fetched("segmentation-3.0")?),
            folder(models::fetched("campplus")?),
            folder(models::recogniser(model)?),
        ];
        let program = example::build("eval_driver", &settings.profile)?;
        let driver = Self::launch(&program, &arguments)?;
        Ok(Self {
            program,
            arguments,
            driver,
        })
    }

    fn launch(program: &PathBuf, arguments: &[String]) -> anyhow::Result<Driver> {
        Driver::start("scriven", Command::new(program).args(arguments))
    }

    pub(crate) fn version(&self) -> &str {
        &self.driver.ready.version
    }

    /// Seconds that loading the models took.
    pub(crate) fn load_seconds(&self) -> f64 {
        self.driver.ready.load_seconds
    }

    /// Sends a recording through the pipeline. One that kills the program is answered with that.
    ///
    /// # Errors
    /// The program was killed, and cannot be started again.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> anyhow::Result<Answer> {
        match self.driver.ask(request) {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.driver = Self::launch(&self.program, &self.arguments)?;
                let failure = Failure {
                    stage: "program".to_owned(),
                    message: format!("{error:#}"),
                };
                Ok(Answer {
                    error: Some(failure),
                    ..Answer::default()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each line with an empty text, but dies of one that says `killer`.
    const SCRIPT: &str = r#"echo '{"version": "0", "load_seconds": 0.5}'
        while read -r line; do
            case "$line" in *killer*) exit 3 ;; esac
            echo '{"text": "", "seconds": 1.5, "stages": []}'
        done"#;

    #[test]
    fn a_recording_that_kills_the_program_does_not_end_the_run() {
        let program = PathBuf::from("sh");
        let arguments = ["-c", SCRIPT].map(str::to_owned).to_vec();
        let driver = Engine::launch(&program, &arguments).unwrap();
        let mut engine = Engine {
            program,
            arguments,
            driver,
        };
        let mut ask = |path: &str| {
            let request = Request {
                kind: "evaluate",
                path: path.into(),
                language: None,
                batch_size: 8,
                side_by_side: true,
                num_speakers: None,
            };
            engine.ask(&request).unwrap()
        };
        assert_eq!(ask("fine").text.as_deref(), Some(""));
        let failure = ask("killer").error.unwrap();
        assert_eq!(failure.stage, "program");
        assert!(
            failure.message.contains("ended without an answer"),
            "{failure:?}"
        );
        assert!((ask("fine again").seconds - 1.5).abs() < 1e-9);
    }
}
