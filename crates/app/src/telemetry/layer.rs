//! Makes records of events.

use std::sync::Arc;

use domain::clock::Clock;
use serde_json::Value;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::record::Record;
use super::redact::Redactor;
use super::writer::{Line, Queue};
use crate::config::{LogFormat, LogLevel};

/// Makes a record of each event, with the values of the spans around it.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) level: LogLevel,
    pub(super) format: LogFormat,
    pub(super) redactor: Redactor,
    pub(super) queue: Queue,
    pub(super) clock: Arc<dyn Clock>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Records {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // The innermost span first: what is nearer to the event counts.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                for (name, value) in &of_span.0 {
                    fields.add(name, value.clone());
                }
            }
        }
        let logger = event.metadata().target();
        // What the database library tells of a statement has a summary instead.
        let message = fields.take("message").or_else(|| fields.take("summary"));
        let message = text(message);
        let is_audit = logger == "audit";
        if is_audit {
            complete_audit(&mut fields, &message);
        }
        let is_critical = fields.take("critical") == Some(Value::Bool(true));
        let mut record = Record {
            timestamp: self.clock.now(),
            level: level(*event.metadata().level(), is_critical),
            logger: logger.to_owned(),
            message,
            fields,
        };
        self.redactor.apply(&mut record);
        self.write(&record, is_audit);
    }
}

impl Records {
    fn write(&self, record: &Record, is_audit: bool) {
        let main = (record.level >= self.level).then(|| record.line(self.format));
        let audit = is_audit.then(|| record.line(LogFormat::Json));
        if main.is_some() || audit.is_some() {
            self.queue.push(Line { main, audit });
        }
    }
}

/// The members that every audit record has. Most follow from an event type such as `task.deleted`.
fn complete_audit(fields: &mut Fields, message: &str) {
    let event_type = fields.get("event_type").cloned();
    let event_type = text(event_type.or_else(|| Some(message.into())));
    let (resource, action) = event_type
        .split_once('.')
        .unwrap_or(("service", &event_type));
    let id = fields.get("task_id").cloned().unwrap_or_else(|| "".into());
    fields.add("event_type", event_type.as_str().into());
    fields.add("resource_type", resource.into());
    fields.add("resource_id", id);
    fields.add("action", action.into());
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn level(level: Level, is_critical: bool) -> LogLevel {
    match level {
        Level::ERROR if is_critical => LogLevel::Critical,
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}
