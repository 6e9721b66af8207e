//! Values of spans and events by name.

use std::error::Error;
use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// Values by name, in the order in which they were recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Vec<(String, Value)>);

impl Fields {
    /// The value with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let mut fields = self.0.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Takes the value with this name away.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let position = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(position).1)
    }

    /// Adds a value whose name is not there yet.
    pub(super) fn add(&mut self, name: &str, value: Value) {
        if self.get(name).is_none() {
            self.0.push((name.to_owned(), value));
        }
    }

    /// Sets a value anew. `task.id` becomes `task_id`.
    fn set(&mut self, field: &Field, value: Value) {
        let name = field.name().replace('.', "_");
        self.take(&name);
        self.0.push((name, value));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity, and a record no null.
        let number = serde_json::Number::from_f64(value);
        let text = || Value::from(value.to_string());
        self.set(field, number.map_or_else(text, Value::Number));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, value.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
}
