//! Which words belong together, by small words of each language: a line does not end with an article, and rather begins
//! with a conjunction or a preposition (Netflix, Timed Text Style Guide: General Requirements, "Line Treatment"; BBC Subtitle
//! Guidelines 3.4; TED Translators, "How to break lines").

mod tables;

use self::tables::{ENGLISH, TABLES};

/// What a small word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Article, possessive, numeral-like word: a noun follows.
    Determiner,
    /// A noun follows; good to begin a line with.
    Preposition,
    /// A preposition that belongs to the word before it, too, such as "of".
    ClosePreposition,
    /// A preposition that may also be part of the verb before it, as in "go on".
    Particle,
    /// Joins clauses; good to begin a line with.
    Conjunction,
    /// Joins clauses or single words, such as "and".
    Coordinator,
    /// A verb follows.
    Pronoun,
    /// Auxiliary verb, negation, adverb of degree: the word that matters follows.
    Auxiliary,
    /// Before a name.
    Title,
    /// Follows a number.
    Unit,
}

impl Kind {
    /// Whether it is a preposition of any kind.
    pub(super) fn is_preposition(self) -> bool {
        matches!(
            self,
            Self::Preposition | Self::ClosePreposition | Self::Particle
        )
    }
}

/// The small words of a language, in lower case, with spaces between.
#[derive(Debug)]
pub(super) struct Grammar {
    code: &'static str,
    determiners: &'static str,
    close_prepositions: &'static str,
    particles: &'static str,
    prepositions: &'static str,
    coordinators: &'static str,
    conjunctions: &'static str,
    pronouns: &'static str,
    auxiliaries: &'static str,
    /// Before a name or number; their full stop ends no sentence.
    abbreviations: &'static str,
    titles: &'static str,
    units: &'static str,
}

/// Units that are written alike in many languages.
const UNITS: &str = "km m cm mm kg g mg l ml °c °f % ‰ € $ £ kb mb gb tb hz khz mhz ghz kw mw gw";

impl Grammar {
    /// The table for a text: that of its language, or the English one if the text is English after all, as translations are.
    /// `None` where there is none; punctuation and pauses then decide.
    pub(super) fn of(language: &str, words: &[&str]) -> Option<&'static Self> {
        let own = TABLES.iter().copied().find(|table| table.code == language);
        let n_known = |table: &Self| {
            let is_known = |word: &&&str| table.kind(word).is_some();
            words.iter().filter(is_known).count()
        };
        let n_english = n_known(&ENGLISH);
        match own {
            Some(own) if n_known(own) >= n_english => Some(own),
            None if n_english * 4 < words.len() => None,
            _ => Some(&ENGLISH),
        }
    }

    /// Whether the full stop of `word` is part of it.
    pub(super) fn is_abbreviation(&self, word: &str) -> bool {
        is_in(self.abbreviations, &bare(word))
    }

    /// Whether `3.` is the third; it is so in most languages that have no table.
    pub(super) fn has_ordinals_with_stops(&self) -> bool {
        self.code == "de"
    }

    /// Whether nouns begin with a capital.
    pub(super) fn has_great_nouns(&self) -> bool {
        self.code == "de"
    }

    /// What `word` is, if it is in the table. Signs around it and capitals do not matter.
    pub(super) fn kind(&self, word: &str) -> Option<Kind> {
        let word = bare(word);
        let lists = [
            (self.abbreviations, Kind::Title),
            (self.titles, Kind::Title),
            (self.determiners, Kind::Determiner),
            (self.conjunctions, Kind::Conjunction),
            (self.coordinators, Kind::Coordinator),
            (self.close_prepositions, Kind::ClosePreposition),
            (self.particles, Kind::Particle),
            (self.prepositions, Kind::Preposition),
            (self.pronouns, Kind::Pronoun),
            (self.auxiliaries, Kind::Auxiliary),
            (self.units, Kind::Unit),
            (UNITS, Kind::Unit),
        ];
        if word.is_empty() {
            return None;
        }
        lists
            .into_iter()
            .find_map(|(list, kind)| is_in(list, &word).then_some(kind))
    }
}

/// Whether `word` is in a list of words with spaces between.
fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// The word in lower case, without signs around it, but for those that are units.
fn bare(word: &str) -> String {
    let is_sign = |c: char| !c.is_alphanumeric() && !matches!(c, '%' | '‰' | '°' | '€' | '$' | '£');
    word.trim_matches(is_sign).replace('’', "'").to_lowercase()
}
