//! The query of a request, as an extractor.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::parameters::{Parameters, Reader};
use crate::state::{ApiSettings, ApiState};
use crate::wire::FieldProblem;

/// Parameters that belong together.
pub(crate) trait QueryGroup: Sized + Send {
    /// Goes through all of them, in the order of their declaration.
    fn read(query: &mut impl Parameters, settings: &ApiSettings) -> Self;
}

/// What a query says. It never refuses a request: its problems are told together with those of the body.
#[derive(Debug)]
pub(crate) struct Query<T> {
    /// The values; defaults where they are wrong.
    pub(crate) value: T,
    /// What is wrong.
    pub(crate) problems: Vec<FieldProblem>,
}

impl<T: QueryGroup> Query<T> {
    fn read(query: &str, settings: &ApiSettings) -> Self {
        let mut reader = Reader::new(query);
        let value = T::read(&mut reader, settings);
        Self {
            value,
            problems: reader.into_problems(),
        }
    }
}

impl<T: QueryGroup> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::read(
            parts.uri.query().unwrap_or_default(),
            &state.settings,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{AlignQuery, DiarizeQuery, FullProcess, TranscribeQuery};
    use crate::testing::settings;
    use domain::request::{Device, SpokenLanguage};
    use serde_json::{Value, json};

    /// What is told of a query, without the fields that are the same everywhere.
    fn problems<T: QueryGroup>(query: &str) -> Vec<Value> {
        let problems = Query::<T>::read(query, &settings()).problems;
        problems.iter().map(|problem| json!(problem)).collect()
    }

    fn check(query: &str, kind: &str, loc: &Value, msg: &str) {
        let problems = problems::<FullProcess>(query);
        assert_eq!(problems.len(), 1, "{query}: {problems:?}");
        let problem = &problems[0];
        assert_eq!(problem["type"], kind, "{query}");
        assert_eq!(&problem["loc"], loc, "{query}");
        assert_eq!(problem["msg"], msg, "{query}");
    }

    #[test]
    fn c1_6_without_a_query_the_defaults_hold() {
        let query = Query::<FullProcess>::read("", &settings());
        assert!(query.problems.is_empty());
        let value = query.value;
        assert_eq!(value.model.language.word(), "en");
        assert_eq!((value.model.batch_size, value.model.chunk_size), (8, 20));
        assert_eq!(value.asr, domain::request::AsrGroup::default());
        assert_eq!(value.vad, domain::request::VadGroup::default());
        assert_eq!(value.align, domain::request::AlignmentGroup::default());
        assert!(value.callback_url.is_none());
    }

    #[test]
    fn c1_2_1_the_last_value_wins_and_unknown_parameters_are_passed_over() {
        let query = Query::<FullProcess>::read("beam_size=x&beam_size=7&nothing=1", &settings());
        assert!(query.problems.is_empty());
        assert_eq!(query.value.asr.beam_size, 7);
    }

    #[test]
    fn c1_5_2_tokens_come_repeated_or_with_commas() {
        let tokens = |query: &str| {
            let query = Query::<TranscribeQuery>::read(query, &settings());
            assert!(query.problems.is_empty());
            query.value.asr.suppress_tokens
        };
        assert_eq!(tokens(""), [-1]);
        assert_eq!(tokens("suppress_tokens=1&suppress_tokens=2"), [1, 2]);
        assert_eq!(tokens("suppress_tokens=1,2"), [1, 2]);
        assert_eq!(
            tokens("suppress_tokens=1,%202&suppress_tokens=3"),
            [1, 2, 3]
        );
        let wrong = problems::<TranscribeQuery>("suppress_tokens=1,x&suppress_tokens=,");
        let places: Vec<_> = wrong.iter().map(|problem| &problem["loc"]).collect();
        assert_eq!(
            places,
            [
                &json!(["query", "suppress_tokens", 1]),
                &json!(["query", "suppress_tokens", 2]),
                &json!(["query", "suppress_tokens", 3])
            ]
        );
    }

    #[test]
    fn c1_3_2_each_kind_of_wrong_value_is_told_in_its_words() {
        let at = |name: &str| json!(["query", name]);
        for (query, kind, name, msg) in [
            (
                "task=x",
                "enum",
                "task",
                "Input should be 'transcribe' or 'translate'",
            ),
            (
                "task=%20",
                "enum",
                "task",
                "Input should be 'transcribe' or 'translate'",
            ),
            (
                "device=CPU",
                "enum",
                "device",
                "Input should be 'cuda' or 'cpu'",
            ),
            (
                "compute_type=int4",
                "enum",
                "compute_type",
                "Input should be 'float16', 'float32' or 'int8'",
            ),
            (
                "interpolate_method=none",
                "enum",
                "interpolate_method",
                "Input should be 'nearest', 'linear' or 'ignore'",
            ),
            (
                "beam_size=1.5",
                "int_parsing",
                "beam_size",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            (
                "beam_size=%20",
                "int_parsing",
                "beam_size",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            (
                "beam_size=99999999999999999999",
                "int_parsing",
                "beam_size",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            (
                "patience=abc",
                "float_parsing",
                "patience",
                "Input should be a valid number, unable to parse string as a number",
            ),
            (
                "suppress_numerals=maybe",
                "bool_parsing",
                "suppress_numerals",
                "Input should be a valid boolean, unable to interpret input",
            ),
            (
                "length_penalty=nan",
                "finite_number",
                "length_penalty",
                "Input should be a finite number",
            ),
            (
                "patience=inf",
                "finite_number",
                "patience",
                "Input should be a finite number",
            ),
            (
                "patience=0",
                "greater_than",
                "patience",
                "Input should be greater than 0",
            ),
            (
                "vad_onset=0",
                "greater_than",
                "vad_onset",
                "Input should be greater than 0",
            ),
            (
                "vad_onset=1",
                "less_than",
                "vad_onset",
                "Input should be less than 1",
            ),
            (
                "vad_offset=1.5",
                "less_than",
                "vad_offset",
                "Input should be less than 1",
            ),
            (
                "temperatures=-0.1",
                "greater_than_equal",
                "temperatures",
                "Input should be greater than or equal to 0",
            ),
            (
                "beam_size=0",
                "greater_than_equal",
                "beam_size",
                "Input should be greater than or equal to 1",
            ),
            (
                "threads=-1",
                "greater_than_equal",
                "threads",
                "Input should be greater than or equal to 0",
            ),
            (
                "device_index=-1",
                "greater_than_equal",
                "device_index",
                "Input should be greater than or equal to 0",
            ),
            (
                "min_speakers=0",
                "greater_than_equal",
                "min_speakers",
                "Input should be greater than or equal to 1",
            ),
            (
                "callback_url=ftp://a/",
                "url_scheme",
                "callback_url",
                "URL scheme should be 'http' or 'https'",
            ),
            (
                "callback_url=/x",
                "url_parsing",
                "callback_url",
                "Input should be a valid URL, relative URL without a base",
            ),
            (
                "callback_url=%20",
                "url_parsing",
                "callback_url",
                "Input should be a valid URL, input is empty",
            ),
            (
                "min_speakers=3&max_speakers=2",
                "value_error",
                "max_speakers",
                "Value error, max_speakers must not be less than min_speakers",
            ),
            (
                "language=af",
                "value_error",
                "language",
                "Value error, No default align-model for language: af; name one by 'align_model'",
            ),
            (
                "device=cuda",
                "value_error",
                "device",
                "Value error, this service has no usable graphics processor (CUDA); use 'cpu'",
            ),
        ] {
            check(query, kind, &at(name), msg);
        }
        let long = "x".repeat(4001);
        check(
            &format!("hotwords={long}"),
            "string_too_long",
            &at("hotwords"),
            "String should have at most 4000 characters",
        );
        check(
            &format!("callback_url=http://a/{long}"),
            "url_too_long",
            &at("callback_url"),
            "URL should have at most 2083 characters",
        );
    }

    #[test]
    fn c1_4_2_a_language_is_one_of_the_codes_exactly() {
        for code in domain::language::Language::all().map(domain::language::Language::code) {
            let query = format!("language={code}");
            assert!(problems::<TranscribeQuery>(&query).is_empty(), "{code}");
        }
        let query = Query::<FullProcess>::read("language=auto", &settings());
        assert!(query.problems.is_empty(), "it may need no model to align");
        assert_eq!(query.value.model.language, SpokenLanguage::Auto);
        for code in ["EN", "english", "AUTO", "xx"] {
            let found = problems::<TranscribeQuery>(&format!("language={code}"));
            assert_eq!(found[0]["loc"], json!(["query", "language"]), "{code}");
        }
    }

    #[test]
    fn c1_4_3_a_named_model_times_any_language() {
        assert!(problems::<FullProcess>("language=af&align_model=x/y").is_empty());
        assert_eq!(problems::<FullProcess>("language=af&align_model=").len(), 1);
    }

    #[test]
    fn c1_3_2_all_problems_come_in_the_order_of_the_declaration() {
        let found = problems::<FullProcess>(
            "callback_url=x&vad_onset=7&beam_size=x&min_speakers=x&interpolate_method=x&model=x&language=x",
        );
        let names: Vec<_> = found
            .iter()
            .map(|problem| problem["loc"][1].clone())
            .collect();
        assert_eq!(
            names,
            [
                "language",
                "model",
                "interpolate_method",
                "min_speakers",
                "beam_size",
                "vad_onset",
                "callback_url"
            ]
        );
    }

    #[test]
    fn c1_9_to_1_10_the_services_read_their_own_parameters_only() {
        assert!(problems::<AlignQuery>("callback_url=x&beam_size=x&min_speakers=x").is_empty());
        assert!(problems::<DiarizeQuery>("callback_url=x&align_model=&language=x").is_empty());
        assert!(problems::<TranscribeQuery>("callback_url=x&min_speakers=x").is_empty());
        assert_eq!(
            Query::<DiarizeQuery>::read("max_speakers=3", &settings())
                .value
                .speakers
                .max_speakers,
            Some(3)
        );
        assert_eq!(
            Query::<AlignQuery>::read("", &settings()).value.device,
            Device::Cpu
        );
    }
}
