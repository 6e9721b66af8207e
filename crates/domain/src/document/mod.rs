//! Reads JSON that others wrote: what is wrong with it is told by its place, such as `turn 3 has no 'start'`.
//!
//! The forms are tolerant where it does no harm: byte order marks, members that nobody asked for, and numbers written as
//! text are accepted, and a number that is none, such as `NaN`, is as good as a missing one.

mod json;
mod place;

use serde::Serialize;
use serde_json::{Map, Value};

use self::json::not_a_number;
pub(crate) use self::json::{as_utf8, parse};
use crate::units::Seconds;

/// Characters of somebody else's text that a message quotes at most.
const MAX_EXCERPT_CHARS: usize = 200;

/// The beginning of `text`, short enough to be quoted in a message.
pub fn excerpt(text: &str) -> String {
    text.chars().take(MAX_EXCERPT_CHARS).collect()
}

/// A document is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is no JSON at all.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// Something in it is missing or of the wrong kind.
    #[error("{place} {reason}")]
    Shape {
        /// Such as `turn 3`.
        place: String,
        /// Such as `has no 'start'`.
        reason: String,
    },
}

pub(crate) fn wrong(place: &str, reason: impl Into<String>) -> DocumentError {
    DocumentError::Shape {
        place: place.to_owned(),
        reason: reason.into(),
    }
}

/// `document`, which is made of numbers and texts, as JSON on one line.
pub(crate) fn to_json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("numbers and texts can be written")
}

/// What `value` is, for people.
fn kind(value: &Value) -> &'static str {
    if let Some(name) = not_a_number(value) {
        return name;
    }
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn list<'a>(place: &str, value: &'a Value) -> Result<&'a [Value], DocumentError> {
    let not_a_list = || wrong(place, format!("must be a list, not {}", kind(value)));
    value.as_array().map(Vec::as_slice).ok_or_else(not_a_list)
}

pub(crate) fn object<'a>(place: &str, value: &'a Value) -> Result<Members<'a>, DocumentError> {
    let not_an_object = || wrong(place, format!("must be an object, not {}", kind(value)));
    let members = value.as_object().ok_or_else(not_an_object)?;
    Ok(Members {
        place: place.to_owned(),
        members,
    })
}

/// The members of an object at a place that has a name.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    place: String,
    members: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The member, unless it is missing, null, or a number that is none.
    pub(crate) fn find(&self, name: &str) -> Option<&'a Value> {
        let member = self.members.get(name);
        member.filter(|value| !value.is_null() && not_a_number(value).is_none())
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], DocumentError> {
        let value = self.get(name)?;
        value
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| self.must_be(name, "a list", value))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, DocumentError> {
        let value = self.get(name)?;
        let text = value.as_str().filter(|_| not_a_number(value).is_none());
        text.ok_or_else(|| self.must_be(name, "a text", value))
    }

    pub(crate) fn number(&self, name: &str) -> Result<f64, DocumentError> {
        let value = self.get(name)?;
        let number = number(value).filter(|number| number.is_finite());
        number.ok_or_else(|| self.must_be(name, "a number", value))
    }

    /// The text, unless it is missing or null.
    pub(crate) fn find_text(&self, name: &str) -> Result<Option<&'a str>, DocumentError> {
        let value = self.find(name);
        value.map(|_| self.text(name)).transpose()
    }

    /// The number, unless it is missing, null, or none.
    pub(crate) fn find_number(&self, name: &str) -> Result<Option<f64>, DocumentError> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let number = number(value).ok_or_else(|| self.must_be(name, "a number", value))?;
        Ok(Some(number).filter(|number| number.is_finite()))
    }

    /// `start` and `end`, which are in order and not before the recording.
    pub(crate) fn span(&self) -> Result<(Seconds, Seconds), DocumentError> {
        let (start, end) = (self.number("start")?, self.number("end")?);
        let reason = if start < 0.0 {
            format!("starts at {start} s, before the recording")
        } else if end < start {
            format!("ends at {end} s, before it starts at {start} s")
        } else {
            return Ok((Seconds(start), Seconds(end)));
        };
        Err(wrong(&self.place, reason))
    }

    /// The member, which may be null.
    pub(crate) fn get(&self, name: &str) -> Result<&'a Value, DocumentError> {
        let value = self.members.get(name);
        value.ok_or_else(|| wrong(&self.place, format!("has no '{name}'")))
    }

    fn must_be(&self, name: &str, wanted: &str, found: &Value) -> DocumentError {
        let found = kind(found);
        let reason = format!("has a '{name}' that is {found}, where {wanted} is needed");
        wrong(&self.place, reason)
    }
}

/// The number that `value` is or spells, which may be one that is none.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}
