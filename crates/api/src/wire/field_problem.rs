//! One wrong value of a request, as the reference's framework tells it (contract 1.3.2, S1).

pub(crate) use domain::document::excerpt as echo;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// One wrong value of a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ValidationError)]
pub(crate) struct FieldProblem {
    /// Which kind of mistake it is, such as `missing`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where it is, such as `["query","beam_size"]`.
    loc: Vec<Place>,
    /// What is wrong, in a sentence.
    #[schema(value_type = String)]
    msg: Box<str>,
    /// What was sent, at most 200 characters of it.
    #[schema(required = true)]
    input: Value,
    /// The values that the sentence names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    ctx: Option<Value>,
}

/// A step on the way to a value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Place {
    /// The name of a place or member.
    Name(&'static str),
    /// The position in a list.
    Index(usize),
}

/// Where values are refused: a limit that a value must keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// No less.
    AtLeast(i32),
    /// More.
    Above(i32),
    /// Less.
    Below(i32),
}

impl FieldProblem {
    fn of_query(
        kind: &'static str,
        name: &'static str,
        msg: impl Into<String>,
        input: &str,
    ) -> Self {
        Self {
            kind,
            loc: vec![Place::Name("query"), Place::Name(name)],
            msg: msg.into().into(),
            input: Value::String(echo(input)),
            ctx: None,
        }
    }

    fn with(mut self, ctx: Value) -> Self {
        self.ctx = Some(ctx);
        self
    }

    /// The same problem of the member at `index` of the list.
    pub(crate) fn at(mut self, index: usize) -> Self {
        self.loc.push(Place::Index(index));
        self
    }

    /// Whether it says that the parameter `name` has a value that is not in its list.
    pub(crate) fn is_unknown(&self, name: &'static str) -> bool {
        self.kind == "enum" && self.loc == [Place::Name("query"), Place::Name(name)]
    }

    /// What was sent.
    pub(crate) fn input(&self) -> &Value {
        &self.input
    }

    pub(crate) fn no_integer(name: &'static str, input: &str) -> Self {
        let msg = "Input should be a valid integer, unable to parse string as an integer";
        Self::of_query("int_parsing", name, msg, input)
    }

    pub(crate) fn no_number(name: &'static str, input: &str) -> Self {
        let msg = "Input should be a valid number, unable to parse string as a number";
        Self::of_query("float_parsing", name, msg, input)
    }

    pub(crate) fn not_finite(name: &'static str, input: &str) -> Self {
        let msg = "Input should be a finite number";
        Self::of_query("finite_number", name, msg, input)
    }

    pub(crate) fn no_boolean(name: &'static str, input: &str) -> Self {
        let msg = "Input should be a valid boolean, unable to interpret input";
        Self::of_query("bool_parsing", name, msg, input)
    }

    /// It is none of `words`, which are told in their order.
    pub(crate) fn no_word(name: &'static str, words: &[&str], input: &str) -> Self {
        let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let expected = match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        Self::of_query("enum", name, format!("Input should be {expected}"), input)
            .with(json!({"expected": expected}))
    }

    pub(crate) fn out_of(name: &'static str, bound: Bound, input: &str) -> Self {
        let (kind, what, key, limit) = match bound {
            Bound::AtLeast(limit) => (
                "greater_than_equal",
                "greater than or equal to",
                "ge",
                limit,
            ),
            Bound::Above(limit) => ("greater_than", "greater than", "gt", limit),
            Bound::Below(limit) => ("less_than", "less than", "lt", limit),
        };
        Self::of_query(kind, name, format!("Input should be {what} {limit}"), input)
            .with(json!({key: limit}))
    }

    pub(crate) fn too_long(name: &'static str, max_chars: usize, input: &str) -> Self {
        let msg = format!("String should have at most {max_chars} characters");
        Self::of_query("string_too_long", name, msg, input).with(json!({"max_length": max_chars}))
    }

    pub(crate) fn url_too_long(name: &'static str, max_chars: usize, input: &str) -> Self {
        let msg = format!("URL should have at most {max_chars} characters");
        Self::of_query("url_too_long", name, msg, input).with(json!({"max_length": max_chars}))
    }

    pub(crate) fn no_url(name: &'static str, reason: &str, input: &str) -> Self {
        let msg = format!("Input should be a valid URL, {reason}");
        Self::of_query("url_parsing", name, msg, input).with(json!({"error": reason}))
    }

    pub(crate) fn url_scheme(name: &'static str, input: &str) -> Self {
        let expected = "'http' or 'https'";
        let msg = format!("URL scheme should be {expected}");
        Self::of_query("url_scheme", name, msg, input).with(json!({"expected_schemes": expected}))
    }

    /// The value is a good one, but not here.
    pub(crate) fn refused(name: &'static str, reason: &str, input: &str) -> Self {
        Self::of_query("value_error", name, format!("Value error, {reason}"), input)
            .with(json!({"error": {}}))
    }

    pub(crate) fn missing(part: &'static str) -> Self {
        Self::of_body("missing", part, "Field required", Value::Null)
    }

    /// The part is a text where a file is needed, or a file without a name.
    pub(crate) fn no_file(part: &'static str, input: Value) -> Self {
        let msg = "Value error, Expected a file with a name";
        Self::of_body("value_error", part, msg, input).with(json!({"error": {}}))
    }

    /// The part is a file where a text is needed.
    pub(crate) fn no_text(part: &'static str) -> Self {
        Self::of_body(
            "string_type",
            part,
            "Input should be a valid string",
            Value::Null,
        )
    }

    fn of_body(kind: &'static str, part: &'static str, msg: &str, input: Value) -> Self {
        Self {
            kind,
            loc: vec![Place::Name("body"), Place::Name(part)],
            msg: msg.into(),
            input,
            ctx: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: &FieldProblem, expected: &str) {
        assert_eq!(serde_json::to_string(problem).unwrap(), expected);
    }

    #[test]
    fn c1_3_2_members_come_in_order_and_ctx_only_where_there_is_one() {
        check(
            &FieldProblem::missing("file"),
            r#"{"type":"missing","loc":["body","file"],"msg":"Field required","input":null}"#,
        );
        check(
            &FieldProblem::no_word("task", &["a", "b", "c"], "x"),
            r#"{"type":"enum","loc":["query","task"],"msg":"Input should be 'a', 'b' or 'c'","input":"x","ctx":{"expected":"'a', 'b' or 'c'"}}"#,
        );
        check(
            &FieldProblem::no_integer("suppress_tokens", "x").at(1),
            r#"{"type":"int_parsing","loc":["query","suppress_tokens",1],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}"#,
        );
        check(
            &FieldProblem::out_of("patience", Bound::Above(0), "0"),
            r#"{"type":"greater_than","loc":["query","patience"],"msg":"Input should be greater than 0","input":"0","ctx":{"gt":0}}"#,
        );
    }

    #[test]
    fn x23_at_most_200_characters_are_sent_back() {
        let problem = FieldProblem::no_integer("beam_size", &"é".repeat(1000));
        assert_eq!(problem.input(), &Value::String("é".repeat(200)));
    }
}
