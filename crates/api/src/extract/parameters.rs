//! The parameters of queries, told once: whoever reads them and whoever describes them goes through the same functions
//! of [`groups`](super::groups), so that parser and document cannot differ.

use std::fmt::Display;
use std::str::FromStr;

use domain::export::OptionRange;
use url::Url;

use super::parse::{self, NoUrl};
use crate::wire::{ApiWord, Bound, FieldProblem};

/// Name and description of a parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About(pub(crate) &'static str, pub(crate) &'static str);

/// The longest URL, in characters.
pub(crate) const LONGEST_URL: usize = 2083;

/// Something that goes through parameters, in the order of their declaration.
pub(crate) trait Parameters {
    /// A word of a closed list.
    fn word<W: ApiWord>(&mut self, about: About, default: W) -> W;

    /// The same where only usual words go without another parameter; those are described.
    fn word_among<W: ApiWord>(
        &mut self,
        about: About,
        default: W,
        is_usual: impl Fn(W) -> bool,
    ) -> W;

    /// A word of a closed list that may be missing.
    fn optional_word<W: ApiWord>(&mut self, about: About) -> Option<W>;

    /// A whole number.
    fn integer(&mut self, about: About, default: i64, at_least: i32) -> i64;

    /// A whole number that may be missing.
    fn optional_integer(&mut self, about: About, at_least: i32) -> Option<i64>;

    /// The same with a largest value, which fits 16 bits.
    fn small_integer(&mut self, about: About, at_least: i32) -> Option<u16>;

    /// A finite number within `bounds`.
    fn number(&mut self, about: About, default: f64, bounds: &[Bound]) -> f64;

    /// A whole number of a range of the exports, that may be missing.
    fn whole_within(&mut self, about: About, range: OptionRange<usize>) -> Option<usize>;

    /// A number of a range of the exports, that may be missing.
    fn number_within(&mut self, about: About, range: OptionRange<f64>) -> Option<f64>;

    /// Yes or no.
    fn boolean(&mut self, about: About, default: bool) -> bool;

    /// Yes or no, that may be missing.
    fn optional_boolean(&mut self, about: About) -> Option<bool>;

    /// A text that may be missing.
    fn text(&mut self, about: About, max_chars: Option<usize>) -> Option<String>;

    /// Whole numbers: each occurrence is one, or several with commas between.
    fn integers(&mut self, about: About, default: Vec<i64>) -> Vec<i64>;

    /// The URL of a web service, that may be missing.
    fn url(&mut self, about: About) -> Option<Url>;

    /// The parameter's value is a good one, but not together with others.
    fn refuse(&mut self, name: &'static str, reason: &str);
}

/// Reads a query. Where a value is wrong it gives the default, and keeps the problem.
#[derive(Debug)]
pub(crate) struct Reader {
    pairs: Vec<(String, String)>,
    problems: Vec<FieldProblem>,
}

impl Reader {
    /// A reader of `query`, as it stands in the URL. A parameter without a value counts as not given: so forms send what
    /// nobody filled in.
    pub(crate) fn new(query: &str) -> Self {
        let mut pairs = parse::pairs(query.as_bytes());
        pairs.retain(|(_, value)| !value.is_empty());
        Self {
            pairs,
            problems: Vec::new(),
        }
    }

    /// What was wrong, in the order of the declaration.
    pub(crate) fn into_problems(self) -> Vec<FieldProblem> {
        self.problems
    }

    fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        let same = self.pairs.iter().filter(move |(other, _)| other == name);
        same.map(|(_, value)| value.as_str())
    }

    fn within<T>(&mut self, About(name, _): About, range: OptionRange<T>) -> Option<T>
    where
        T: Copy + PartialOrd + Display + FromStr,
    {
        self.last(name, |text| {
            let parsed = range.parse(text);
            parsed.map_err(|problem| FieldProblem::refused(name, &problem.reason, text))
        })
    }

    /// What `read` makes of the last value; nothing if there is none or it is wrong.
    fn last<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Option<T> {
        let value = self.all(name).next_back()?;
        match read(value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }
}

impl Parameters for Reader {
    fn word<W: ApiWord>(&mut self, about: About, default: W) -> W {
        self.optional_word(about).unwrap_or(default)
    }

    fn word_among<W: ApiWord>(
        &mut self,
        about: About,
        default: W,
        _is_usual: impl Fn(W) -> bool,
    ) -> W {
        self.word(about, default)
    }

    fn optional_word<W: ApiWord>(&mut self, About(name, _): About) -> Option<W> {
        self.last(name, |text| {
            W::find(text).ok_or_else(|| FieldProblem::no_word(name, &W::words(), text))
        })
    }

    fn integer(&mut self, about: About, default: i64, at_least: i32) -> i64 {
        self.optional_integer(about, at_least).unwrap_or(default)
    }

    fn optional_integer(&mut self, About(name, _): About, at_least: i32) -> Option<i64> {
        self.last(name, |text| {
            let value = parse::integer(text).ok_or_else(|| FieldProblem::no_integer(name, text))?;
            if value < i64::from(at_least) {
                return Err(FieldProblem::out_of(name, Bound::AtLeast(at_least), text));
            }
            Ok(value)
        })
    }

    fn small_integer(&mut self, about: About, at_least: i32) -> Option<u16> {
        let value = self.optional_integer(about, at_least)?;
        let small = u16::try_from(value).ok();
        if small.is_none() {
            self.refuse(about.0, &format!("it must be at most {}", u16::MAX));
        }
        small
    }

    fn number(&mut self, About(name, _): About, default: f64, bounds: &[Bound]) -> f64 {
        let read = |text: &str| {
            let value = parse::number(text).ok_or_else(|| FieldProblem::no_number(name, text))?;
            if !is_finite(value) {
                return Err(FieldProblem::not_finite(name, text));
            }
            let broken = bounds.iter().find(|bound| !keeps(value, **bound));
            broken.map_or(Ok(value), |bound| {
                Err(FieldProblem::out_of(name, *bound, text))
            })
        };
        self.last(name, read).unwrap_or(default)
    }

    fn whole_within(&mut self, about: About, range: OptionRange<usize>) -> Option<usize> {
        self.within(about, range)
    }

    fn number_within(&mut self, about: About, range: OptionRange<f64>) -> Option<f64> {
        self.within(about, range)
    }

    fn boolean(&mut self, about: About, default: bool) -> bool {
        self.optional_boolean(about).unwrap_or(default)
    }

    fn optional_boolean(&mut self, About(name, _): About) -> Option<bool> {
        self.last(name, |text| {
            parse::boolean(text).ok_or_else(|| FieldProblem::no_boolean(name, text))
        })
    }

    fn text(&mut self, About(name, _): About, max_chars: Option<usize>) -> Option<String> {
        self.last(name, |text| match max_chars {
            Some(max_chars) if text.chars().count() > max_chars => {
                Err(FieldProblem::too_long(name, max_chars, text))
            }
            _ => Ok(text.to_owned()),
        })
    }

    fn integers(&mut self, About(name, _): About, default: Vec<i64>) -> Vec<i64> {
        let texts: Vec<_> = self.all(name).flat_map(|text| text.split(',')).collect();
        if texts.is_empty() {
            return default;
        }
        let (mut values, mut problems) = (Vec::new(), Vec::new());
        for (index, text) in texts.into_iter().enumerate() {
            match parse::integer(text) {
                Some(value) => values.push(value),
                None => problems.push(FieldProblem::no_integer(name, text).at(index)),
            }
        }
        self.problems.append(&mut problems);
        values
    }

    fn url(&mut self, About(name, _): About) -> Option<Url> {
        self.last(name, |text| {
            let too_long = || FieldProblem::url_too_long(name, LONGEST_URL, text);
            if text.chars().count() > LONGEST_URL {
                return Err(too_long());
            }
            let url = parse::web_url(text).map_err(|problem| match problem {
                NoUrl::Syntax(reason) => FieldProblem::no_url(name, &reason, text),
                NoUrl::Scheme => FieldProblem::url_scheme(name, text),
            })?;
            if url.as_str().len() > LONGEST_URL {
                return Err(too_long());
            }
            Ok(url)
        })
    }

    fn refuse(&mut self, name: &'static str, reason: &str) {
        let input = self.all(name).next_back().unwrap_or_default();
        let problem = FieldProblem::refused(name, reason, input);
        self.problems.push(problem);
    }
}

/// Whether engines, which compute in single precision, can take the number.
fn is_finite(value: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "that is what is asked")]
    let single = value as f32;
    single.is_finite()
}

fn keeps(value: f64, bound: Bound) -> bool {
    match bound {
        Bound::AtLeast(limit) => value >= f64::from(limit),
        Bound::Above(limit) => value > f64::from(limit),
        Bound::Below(limit) => value < f64::from(limit),
    }
}
