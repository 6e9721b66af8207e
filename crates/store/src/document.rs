//! A task as the JSON text that its clients read and that its callback gets (contract 1.13, 3.3): one form for both.

use domain::clock::Timestamp;
use domain::task::{FailureText, StageProgress, TaskState};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::tasks::Task;

impl Task {
    /// The JSON text, on one line. Result and parameters are passed on as they are stored.
    ///
    /// # Errors
    /// What is stored as JSON is none.
    pub fn document(&self) -> Result<String, StoreError> {
        let (started_at, ended_at) = self.times();
        let document = Document {
            status: self.state.status().to_string(),
            result: self.result()?,
            metadata: Metadata {
                task_type: self.task_type.to_string(),
                task_params: self.raw("task_params", self.task_params.as_deref())?,
                language: self.language.as_deref(),
                file_name: self.file_name.as_deref(),
                url: self.url.as_deref(),
                callback_url: self.callback.as_ref().map(|callback| &*callback.url),
                duration: self.duration,
                audio_duration: self.audio_duration,
                start_time: started_at,
                end_time: ended_at,
                callback_status: self
                    .callback
                    .as_ref()
                    .map(|callback| callback.status.as_str()),
                callback_attempts: self
                    .callback
                    .as_ref()
                    .map_or(0, |callback| callback.attempts),
                callback_error: self
                    .callback
                    .as_ref()
                    .and_then(|callback| callback.error.as_deref()),
            },
            error: match &self.state {
                TaskState::Failed(failed) => Some(failed.error.as_str()),
                TaskState::Foreign(foreign) => foreign.error.as_ref().map(FailureText::as_str),
                _ => None,
            },
            identifier: self.id.as_str(),
            progress: self.progress().map(Progress::new),
            notes: self.notes(),
        };
        serde_json::to_string(&document)
            .map_err(|error| self.inconsistent("document", &error.to_string()))
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match &self.state {
            TaskState::Queued(_) => (None, None),
            TaskState::Processing(processing) => (Some(processing.started_at), None),
            TaskState::Completed(completed) => (completed.started_at, completed.ended_at),
            TaskState::Failed(failed) => (failed.started_at, failed.ended_at),
            TaskState::Foreign(foreign) => (foreign.started_at, foreign.ended_at),
        }
    }

    fn progress(&self) -> Option<StageProgress> {
        match &self.state {
            TaskState::Processing(processing) => processing.progress,
            _ => None,
        }
    }

    fn notes(&self) -> &[String] {
        match &self.state {
            TaskState::Completed(completed) => &completed.notes,
            _ => &[],
        }
    }

    /// The result, a JSON text; `None` unless the task is completed.
    ///
    /// # Errors
    /// What is stored is no JSON.
    pub fn result(&self) -> Result<Option<Box<RawValue>>, StoreError> {
        match &self.state {
            TaskState::Completed(completed) => self.raw("result", Some(&completed.result)),
            TaskState::Foreign(foreign) => self.raw("result", foreign.result.as_deref()),
            _ => Ok(None),
        }
    }

    fn raw(&self, column: &str, text: Option<&str>) -> Result<Option<Box<RawValue>>, StoreError> {
        let Some(text) = text else { return Ok(None) };
        let raw = RawValue::from_string(text.to_owned())
            .or_else(|_| RawValue::from_string(with_null_for_no_number(text)));
        raw.map(Some)
            .map_err(|error| self.inconsistent(column, &error.to_string()))
    }

    fn inconsistent(&self, column: &str, reason: &str) -> StoreError {
        StoreError::Inconsistent(format!("tasks.{column} of task {}: {reason}", self.id))
    }
}

/// Python writes numbers that are none as `NaN` and `Infinity`, which no JSON has: `null` stands for them, as the
/// reference's service shows them.
fn with_null_for_no_number(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let token = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|token| rest.starts_with(token));
        let n_bytes = match (first, token) {
            ('"', _) => quoted(rest),
            (_, Some(token)) => {
                out.push_str("null");
                rest = &rest[token.len()..];
                continue;
            }
            _ => first.len_utf8(),
        };
        out.push_str(&rest[..n_bytes]);
        rest = &rest[n_bytes..];
    }
    out
}

/// How many bytes the quoted text takes with which `text` begins.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Members in the order of the contract, then our own.
#[derive(Debug, Serialize)]
struct Document<'a> {
    status: String,
    result: Option<Box<RawValue>>,
    metadata: Metadata<'a>,
    error: Option<&'a str>,
    identifier: &'a str,
    progress: Option<Progress>,
    /// Missing where there are none, as clients of the reference know it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    task_type: String,
    task_params: Option<Box<RawValue>>,
    language: Option<&'a str>,
    file_name: Option<&'a str>,
    url: Option<&'a str>,
    callback_url: Option<&'a str>,
    duration: Option<f64>,
    audio_duration: Option<f64>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    callback_status: Option<&'a str>,
    callback_attempts: u32,
    callback_error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Progress {
    stage: &'static str,
    percentage: f64,
}

impl Progress {
    fn new(progress: StageProgress) -> Self {
        Self {
            stage: progress.stage.name(),
            percentage: progress.percentage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Callback;
    use domain::progress::Stage;
    use domain::task::{CallbackStatus, Completed, Failed, Processing, Queued, TaskId, TaskType};
    use domain::words::StoredWord;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000 + 754_381)
    }

    fn task(state: TaskState) -> Task {
        Task {
            id: TaskId::new("abc"),
            task_type: StoredWord::Known(TaskType::FullProcess),
            state,
            task_params: Some(r#"{"language":"en","z":1,"a":2}"#.into()),
            language: Some("en".into()),
            file_name: Some("é \"1\".mp3".into()),
            url: None,
            callback: None,
            duration: None,
            audio_duration: Some(12.996),
            created_at: at(0),
            updated_at: at(0),
            request_id: None,
        }
    }

    fn check(state: TaskState, expected: &str) {
        assert_eq!(task(state).document().unwrap(), expected);
    }

    #[test]
    fn c1_13_members_come_in_order_and_all_of_them() {
        check(
            TaskState::Queued(Queued::default()),
            r#"{"status":"queued","result":null,"metadata":{"task_type":"full_process","task_params":{"language":"en","z":1,"a":2},"language":"en","file_name":"é \"1\".mp3","url":null,"callback_url":null,"duration":null,"audio_duration":12.996,"start_time":null,"end_time":null,"callback_status":null,"callback_attempts":0,"callback_error":null},"error":null,"identifier":"abc","progress":null}"#,
        );
    }

    #[test]
    fn c1_13_a_running_task_tells_how_far_it_is() {
        let processing = Processing {
            attempt: 1,
            worker: "w".into(),
            started_at: at(1),
            lease_ends_at: at(2),
            progress: Some(StageProgress {
                stage: Stage::Align,
                percentage: 40.0,
            }),
        };
        let document = task(TaskState::Processing(processing)).document().unwrap();
        assert!(document.contains(r#""start_time":"1970-01-01T00:00:01.754381Z","end_time":null"#));
        assert!(document.ends_with(r#","progress":{"stage":"align","percentage":40.0}}"#));
    }

    #[test]
    fn c2_a_result_is_passed_on_as_it_is_stored() {
        let completed = |result: &str| {
            TaskState::Completed(Completed {
                result: result.to_owned(),
                notes: Vec::new(),
                started_at: None,
                ended_at: None,
            })
        };
        let document = |result: &str| task(completed(result)).document().unwrap();
        assert!(document(r#"{"b":1.10,"a":[]}"#).contains(r#""result":{"b":1.10,"a":[]},"#));
        assert!(document("null").contains(r#""result":null,"#));
        assert!(
            document(r#"{"s":NaN,"t":"NaN \" é","u":-Infinity}"#)
                .contains(r#""result":{"s":null,"t":"NaN \" é","u":null},"#)
        );
        let broken = task(completed("{nope")).document().unwrap_err().to_string();
        assert!(broken.contains("tasks.result of task abc"), "{broken}");
    }

    #[test]
    fn what_there_is_to_say_of_a_result_stands_at_the_end() {
        let completed = |notes: &[&str]| {
            TaskState::Completed(Completed {
                result: "{}".to_owned(),
                notes: notes.iter().map(ToString::to_string).collect(),
                started_at: None,
                ended_at: None,
            })
        };
        let document = |notes| task(completed(notes)).document().unwrap();
        assert!(document(&[]).ends_with(r#","progress":null}"#));
        assert!(
            document(&["a \"b\"", "c"]).ends_with(r#","progress":null,"notes":["a \"b\"","c"]}"#)
        );
    }

    #[test]
    fn c3_4_the_callback_is_shown_with_how_far_it_is() {
        let failed = TaskState::Failed(Failed {
            error: FailureText::new("transcribe: no"),
            started_at: Some(at(1)),
            ended_at: Some(at(2)),
        });
        let mut task = task(failed);
        task.callback = Some(Callback {
            url: "http://a/".into(),
            status: CallbackStatus::Failed,
            attempts: 3,
            error: Some("no answer".into()),
        });
        let document = task.document().unwrap();
        assert!(document.contains(r#""callback_url":"http://a/""#));
        assert!(document.contains(
            r#""callback_status":"failed","callback_attempts":3,"callback_error":"no answer""#
        ));
        assert!(document.contains(r#""error":"transcribe: no""#));
    }
}
