//! What Punkt learnt about each language: abbreviations, collocations, sentence starters, and how words are written.
//!
//! The tables are those of NLTK's `punkt_tab` (Kiss and Strunk; Apache-2.0), made smaller without changing an answer by
//! `fixtures/scripts/make_punkt_tables.py`, where the format is described.

use std::collections::{HashMap, HashSet};
use std::io::Read;

/// The tables of one language.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) abbreviations: HashSet<String>,
    pub(super) collocations: HashSet<(String, String)>,
    pub(super) starters: HashSet<String>,
    spellings: HashMap<Box<str>, Spelling>,
}

/// How a word was seen in the texts that the tables were learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    /// In lower case, anywhere.
    pub(super) lower: bool,
    /// In upper case within a sentence.
    pub(super) upper_within: bool,
    /// A sentence may not start with it where it is written in lower case.
    pub(super) lower_never_starts: bool,
}

impl Tables {
    /// How `word` (in lower case) was seen.
    pub(super) fn spelling(&self, word: &str) -> Spelling {
        self.spellings.get(word).copied().unwrap_or(Spelling {
            lower: false,
            upper_within: false,
            lower_never_starts: true,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut part = || -> Option<Vec<&str>> {
            let n_lines = lines.next()?.parse().ok()?;
            Some(lines.by_ref().take(n_lines).collect())
        };
        let own = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
        let mut tables = Self {
            abbreviations: own(part()?),
            collocations: HashSet::new(),
            starters: HashSet::new(),
            spellings: HashMap::new(),
        };
        for pair in part()? {
            let (first, second) = pair.split_once('\t')?;
            let pair = (first.to_owned(), second.to_owned());
            tables.collocations.insert(pair);
        }
        tables.starters = own(part()?);
        for class in 0..4 {
            let spelling = Spelling {
                lower: true,
                upper_within: class >= 2,
                lower_never_starts: class % 2 == 1,
            };
            let mut word = String::new();
            for line in part()? {
                let mut rest = line.chars();
                let n_shared = u32::from(rest.next()?).checked_sub(33)?;
                let shared: String = word.chars().take(n_shared as usize).collect();
                word = shared + rest.as_str();
                tables.spellings.insert(word.as_str().into(), spelling);
            }
        }
        Some(tables)
    }
}

/// The tables of a language code, if there are any.
pub(super) fn of_language(code: &str) -> Option<Tables> {
    let packed = TABLES.iter().find(|(codes, _)| codes.contains(&code))?.1;
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(packed)
        .read_to_string(&mut text)
        .ok()?;
    Tables::parse(&text)
}

macro_rules! table {
    ($name:literal) => {
        include_bytes!(concat!("tables/", $name, ".zlib")).as_slice()
    };
}

/// Language codes and their packed tables.
const TABLES: &[(&[&str], &[u8])] = &[
    (&["cs"], table!("czech")),
    (&["da"], table!("danish")),
    (&["de"], table!("german")),
    (&["el"], table!("greek")),
    (&["en"], table!("english")),
    (&["es"], table!("spanish")),
    (&["et"], table!("estonian")),
    (&["fi"], table!("finnish")),
    (&["fr"], table!("french")),
    (&["it"], table!("italian")),
    (&["ml"], table!("malayalam")),
    (&["nl"], table!("dutch")),
    (&["no", "nn"], table!("norwegian")),
    (&["pl"], table!("polish")),
    (&["pt"], table!("portuguese")),
    (&["ru"], table!("russian")),
    (&["sl"], table!("slovene")),
    (&["sv"], table!("swedish")),
    (&["tr"], table!("turkish")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_reads() {
        for (codes, _) in TABLES {
            let tables = of_language(codes[0]).unwrap_or_else(|| panic!("{codes:?}"));
            assert!(tables.abbreviations.len() >= 39, "{codes:?}");
            assert!(
                codes[0] == "ru" || tables.spellings.len() > 4_000,
                "{codes:?}"
            );
        }
        assert!(of_language("ja").is_none());
    }

    #[test]
    fn english_says_what_its_publisher_says() {
        let english = of_language("en").unwrap();
        assert_eq!(english.abbreviations.len(), 156);
        assert_eq!(english.starters.len(), 39);
        assert!(english.abbreviations.contains("mr"));
        let number = ("##number##".to_owned(), "business".to_owned());
        assert!(english.collocations.contains(&number));
        assert!(english.spelling("the").lower);
        assert!(!english.spelling("smith").lower);
    }
}
