//! What it costs to part two tokens: by a line break, or, at a higher price, by the end of a cue.
//!
//! The unit is arbitrary; a gap between two ordinary words costs [`NEUTRAL`].

use super::grammar::{Grammar, Kind};
use super::kinsoku;
use super::sentence::{begins_great, begins_small, ends_sentence, unclosed};
use super::tokens::{Milliseconds, Script, Token};

/// Between two words that nothing joins or parts.
const NEUTRAL: f64 = 7.5;
/// Only where there is no other way.
pub(super) const FORBIDDEN: f64 = 1e4;

/// After `;`, `:`, a dash or dots.
const AFTER_CLAUSE: f64 = 1.0;
const AFTER_COMMA: f64 = 1.5;
/// Between segments that no punctuation ends.
const AFTER_SEGMENT: f64 = 1.5;
const BEFORE_CONJUNCTION: f64 = 2.5;
const BEFORE_PREPOSITION: f64 = 4.0;
/// Before a preposition that belongs to the word before it, too.
const BEFORE_CLOSE_PREPOSITION: f64 = 5.0;
/// Before "and" or "or" where a clause seems to follow, a phrase, or a word.
const BEFORE_AND_CLAUSE: f64 = 2.5;
const BEFORE_AND_PHRASE: f64 = 3.5;
const BEFORE_AND_WORD: f64 = 5.0;
/// Between two pronouns, where a clause probably ends.
const BETWEEN_PRONOUNS: f64 = 3.0;
/// Before the particle of a verb, such as "on" in "go on in".
const BEFORE_PARTICLE: f64 = 10.0;
/// Between subject and verb, which are long enough to be parted if the verb has an auxiliary.
const BEFORE_AUXILIARY: f64 = 4.5;
/// After the label of a speaker, which is better on the line of the words.
const AFTER_LABEL: f64 = 8.0;

/// What is added where two words belong together.
const AFTER_DETERMINER: f64 = 12.0;
const AFTER_TITLE: f64 = 14.0;
const AFTER_LINKING_WORD: f64 = 10.0;
const AFTER_PRONOUN: f64 = 7.0;
const AFTER_AUXILIARY: f64 = 5.0;
const WITHIN_NAME: f64 = 7.0;
const BETWEEN_NUMBER_AND_UNIT: f64 = 12.0;
const AFTER_NUMBER: f64 = 4.0;
/// Between what is probably an adjective and its noun, in a language whose nouns have capitals.
const BEFORE_NOUN: f64 = 3.0;
/// Within a word that has no space inside, such as before the sign that ends a compound.
const WITHIN_WORD: f64 = 20.0;

/// The gaps between the tokens of a script; gap `idx` stands before token `idx`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gaps {
    costs: Vec<f64>,
    ends_sentence: Vec<bool>,
    pauses: Vec<Milliseconds>,
}

impl Gaps {
    /// Looks at all gaps of a script.
    pub(super) fn new(script: &Script, grammar: Option<&Grammar>) -> Self {
        let tokens = &script.tokens;
        let mut gaps = Self {
            costs: vec![0.0; tokens.len() + 1],
            ends_sentence: vec![true; tokens.len() + 1],
            pauses: vec![0; tokens.len() + 1],
        };
        for (idx, pair) in tokens.windows(2).enumerate() {
            let (before, after) = (&pair[0], &pair[1]);
            let following = tokens.get(idx + 2);
            gaps.pauses[idx + 1] = (after.start - before.end).max(0);
            if before.turn != after.turn {
                continue;
            }
            let ends_sentence = ends_sentence(before, after, grammar);
            let follows_sentence = idx == 0 || gaps.ends_sentence[idx] || before.is_label;
            gaps.ends_sentence[idx + 1] = ends_sentence;
            gaps.costs[idx + 1] = if ends_sentence {
                0.0
            } else {
                cost([before, after], following, follows_sentence, grammar)
            };
        }
        gaps
    }

    /// What a line break before token `idx` costs.
    pub(super) fn line_break(&self, idx: usize) -> f64 {
        self.costs[idx]
    }

    /// What the end of a cue before token `idx` costs: less where the speaker pauses.
    pub(super) fn cue_end(&self, idx: usize) -> f64 {
        const LONG_PAUSE: f64 = 1000.0;
        let pause = (self.pauses[idx] as f64 / LONG_PAUSE).min(1.0);
        self.costs[idx] * (1.0 - 0.7 * pause)
    }

    /// Whether a sentence or turn ends before token `idx`.
    pub(super) fn ends_sentence(&self, idx: usize) -> bool {
        self.ends_sentence[idx]
    }

    /// Silence before token `idx`.
    pub(super) fn pause(&self, idx: usize) -> Milliseconds {
        self.pauses[idx]
    }
}

fn is_number(token: &Token) -> bool {
    token.text.starts_with(|c: char| c.is_ascii_digit())
}

fn cost(
    [before, after]: [&Token; 2],
    following: Option<&Token>,
    follows_sentence: bool,
    grammar: Option<&Grammar>,
) -> f64 {
    if before.is_label {
        return AFTER_LABEL;
    }
    if kinsoku::is_forbidden(&before.text, &after.text) {
        return FORBIDDEN;
    }
    if !after.has_space {
        return kinsoku::cost(&before.text, &after.text).unwrap_or(WITHIN_WORD);
    }
    let text = unclosed(before);
    if text.ends_with([';', ':', '—', '–', '…', '.', '?', '!', '；', '：']) || is_dash(after)
    {
        let is_within_name = text.ends_with('.') && !begins_small(after);
        return if is_within_name {
            AFTER_TITLE
        } else {
            AFTER_CLAUSE
        };
    }
    if text.ends_with([',', '،', '、', '，']) {
        return AFTER_COMMA;
    }
    if after.begins_segment {
        return AFTER_SEGMENT;
    }
    between_words([before, after], following, follows_sentence, grammar)
}

/// A dash that stands alone joins what follows, so a line begins with it.
fn is_dash(token: &Token) -> bool {
    matches!(&*token.text, "-" | "–" | "—")
}

fn between_words(
    [before, after]: [&Token; 2],
    following: Option<&Token>,
    follows_sentence: bool,
    grammar: Option<&Grammar>,
) -> f64 {
    let kind = |token: &Token| grammar.and_then(|grammar| grammar.kind(&token.text));
    let (left, right) = (kind(before), kind(after));
    let base = base_cost(left, right, following.and_then(kind));
    let by_word = match left {
        Some(Kind::Title) if begins_great(after) || before.text.ends_with('.') => AFTER_TITLE,
        Some(Kind::Determiner) => AFTER_DETERMINER,
        // the particle is part of the verb before it
        Some(Kind::Particle) if right.is_some_and(Kind::is_preposition) => 0.0,
        Some(Kind::Conjunction | Kind::Coordinator) => AFTER_LINKING_WORD,
        Some(left) if left.is_preposition() => AFTER_LINKING_WORD,
        Some(Kind::Pronoun) if right == Some(Kind::Pronoun) => 0.0,
        Some(Kind::Pronoun) => AFTER_PRONOUN,
        Some(Kind::Auxiliary) => AFTER_AUXILIARY,
        _ => 0.0,
    };
    let is_name =
        left.is_none() && begins_great(before) && begins_great(after) && !follows_sentence;
    let by_name = if is_name { WITHIN_NAME } else { 0.0 };
    let nouns_are_great = grammar.is_some_and(Grammar::has_great_nouns);
    let is_noun = nouns_are_great && left.is_none() && begins_small(before) && begins_great(after);
    let by_noun = if is_noun { BEFORE_NOUN } else { 0.0 };
    let by_number = match right {
        _ if !is_number(before) => 0.0,
        Some(Kind::Unit) => BETWEEN_NUMBER_AND_UNIT,
        _ => AFTER_NUMBER,
    };
    base + by_word + by_name + by_noun + by_number
}

/// What the word after the gap says, and the one after that.
fn base_cost(left: Option<Kind>, right: Option<Kind>, following: Option<Kind>) -> f64 {
    let is_particle = right == Some(Kind::Particle)
        && following.is_some_and(|kind| kind.is_preposition() || kind == Kind::Conjunction);
    match right {
        _ if is_particle => BEFORE_PARTICLE,
        Some(Kind::Preposition | Kind::Particle) => BEFORE_PREPOSITION,
        Some(Kind::ClosePreposition) => BEFORE_CLOSE_PREPOSITION,
        Some(Kind::Conjunction) => BEFORE_CONJUNCTION,
        Some(Kind::Coordinator) => match following {
            Some(Kind::Pronoun) => BEFORE_AND_CLAUSE,
            Some(_) => BEFORE_AND_PHRASE,
            None => BEFORE_AND_WORD,
        },
        Some(Kind::Pronoun) if left == Some(Kind::Pronoun) => BETWEEN_PRONOUNS,
        Some(Kind::Auxiliary) if left.is_none() => BEFORE_AUXILIARY,
        _ => NEUTRAL,
    }
}
