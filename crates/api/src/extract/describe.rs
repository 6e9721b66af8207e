//! The parameters of queries as the `OpenAPI` document has them.

use domain::export::OptionRange;
use serde_json::{Value, json};
use url::Url;
use utoipa::Number;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{
    AllOfBuilder, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType,
    Type,
};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use super::parameters::{About, LONGEST_URL, Parameters};
use super::query::QueryGroup;
use crate::state::ApiSettings;
use crate::wire::{ApiWord, Bound};

/// The parameters of `T`, with the defaults that hold here.
pub(crate) fn described<T: QueryGroup>(settings: &ApiSettings) -> Vec<Parameter> {
    let mut describer = Describer::default();
    T::read(&mut describer, settings);
    describer.parameters
}

/// Goes through parameters and writes down what they are; gives their defaults.
#[derive(Default)]
struct Describer {
    parameters: Vec<Parameter>,
}

impl Describer {
    fn add(&mut self, About(name, description): About, schema: impl Into<RefOr<Schema>>) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema.into()));
        self.parameters.push(parameter.build());
    }

    /// A number that may be missing, with both its ends.
    fn range<N: Into<Number>>(&mut self, about: About, kind: Type, least: N, most: N) {
        let schema = ObjectBuilder::new()
            .schema_type(kind)
            .minimum(Some(least))
            .maximum(Some(most));
        self.add(about, schema);
    }
}

/// Whole numbers of 64 bits, none less than `least`.
fn integer_from(least: impl Into<Number>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(least))
        .maximum(Some(isize::MAX))
}

impl Parameters for Describer {
    fn word<W: ApiWord>(&mut self, about: About, default: W) -> W {
        let Some(name) = W::SCHEMA else {
            return self.word_among(about, default, |_| true);
        };
        let default_word = Some(Value::from(default.word()));
        let words = Ref::from_schema_name(name);
        self.add(about, AllOfBuilder::new().item(words).default(default_word));
        default
    }

    fn word_among<W: ApiWord>(
        &mut self,
        about: About,
        default: W,
        is_usual: impl Fn(W) -> bool,
    ) -> W {
        let usual = W::all().into_iter().filter(|word| is_usual(*word));
        let words: Vec<_> = usual.map(W::word).collect();
        let words = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words))
            .default(Some(Value::from(default.word())));
        self.add(about, words);
        default
    }

    fn optional_word<W: ApiWord>(&mut self, about: About) -> Option<W> {
        let words = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(W::words()));
        self.add(about, words);
        None
    }

    fn integer(&mut self, about: About, default: i64, at_least: i32) -> i64 {
        let schema = integer_from(at_least).default(Some(json!(default)));
        self.add(about, schema);
        default
    }

    fn optional_integer(&mut self, about: About, at_least: i32) -> Option<i64> {
        self.add(about, integer_from(at_least));
        None
    }

    fn small_integer(&mut self, about: About, at_least: i32) -> Option<u16> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(at_least))
            .maximum(Some(u16::MAX));
        self.add(about, schema);
        None
    }

    fn number(&mut self, about: About, default: f64, bounds: &[Bound]) -> f64 {
        // It is computed in single precision.
        let range = f64::from(f32::MAX);
        let number = ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Float)))
            .minimum(Some(-range))
            .maximum(Some(range))
            .default(Some(json!(default)));
        let schema = bounds.iter().fold(number, |schema, bound| match bound {
            Bound::AtLeast(limit) => schema.minimum(Some(*limit)),
            Bound::Above(limit) => schema.minimum(None::<f64>).exclusive_minimum(Some(*limit)),
            Bound::Below(limit) => schema.maximum(None::<f64>).exclusive_maximum(Some(*limit)),
        });
        self.add(about, schema);
        default
    }

    fn whole_within(&mut self, about: About, range: OptionRange<usize>) -> Option<usize> {
        self.range(about, Type::Integer, range.least, range.most);
        None
    }

    fn number_within(&mut self, about: About, range: OptionRange<f64>) -> Option<f64> {
        self.range(about, Type::Number, range.least, range.most);
        None
    }

    fn boolean(&mut self, about: About, default: bool) -> bool {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .default(Some(json!(default)));
        self.add(about, schema);
        default
    }

    fn optional_boolean(&mut self, about: About) -> Option<bool> {
        self.add(about, ObjectBuilder::new().schema_type(Type::Boolean));
        None
    }

    fn text(&mut self, about: About, max_chars: Option<usize>) -> Option<String> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(max_chars);
        self.add(about, schema);
        None
    }

    fn integers(&mut self, about: About, default: Vec<i64>) -> Vec<i64> {
        let item = integer_from(isize::MIN);
        let schema = ArrayBuilder::new()
            .items(item)
            .default(Some(json!(default)));
        self.add(about, schema);
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.style = Some(ParameterStyle::Form);
            parameter.explode = Some(true);
        }
        default
    }

    fn url(&mut self, about: About) -> Option<Url> {
        let url = ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(LONGEST_URL));
        // It counts as not given.
        let empty = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(0));
        let schema = AnyOfBuilder::new().item(url).item(empty);
        self.add(about, schema);
        None
    }

    fn refuse(&mut self, _name: &'static str, _reason: &str) {}
}
