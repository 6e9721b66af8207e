//! One spelling for words that have several.

use std::collections::HashMap;
use std::sync::LazyLock;

use varcon::{Category, Tag, VARCON};

/// Words said and their short forms, which stand for nothing else in running text.
const SHORT_FORMS: [(&str, &str); 20] = [
    ("mister", "mr"),
    ("missus", "mrs"),
    ("missis", "mrs"),
    ("doctor", "dr"),
    ("doctors", "drs"),
    ("saint", "st"),
    ("professor", "prof"),
    ("reverend", "rev"),
    ("captain", "capt"),
    ("colonel", "col"),
    ("lieutenant", "lt"),
    ("sergeant", "sgt"),
    ("senator", "sen"),
    ("junior", "jr"),
    ("senior", "sr"),
    ("versus", "vs"),
    ("okay", "ok"),
    ("alright", "allright"), // which `all right` is when joined
    ("'em", "them"),
    ("ma'am", "madam"),
];

/// The word in the spelling that stands for all of its spellings.
pub(super) fn folded(language: &str, word: String) -> String {
    match language {
        "en" => {
            let short = SHORT_FORMS.iter().find(|(long, _)| *long == word);
            let found = short.map(|(_, short)| *short);
            let found = found.or_else(|| AMERICAN.get(word.as_str()).copied());
            found.map_or(word, str::to_owned)
        }
        "de" => word.replace('ß', "ss"),
        _ => word,
    }
}

/// British, Canadian and Australian spellings and variants with their American ones, from the list `VarCon`.
static AMERICAN: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let mut american = HashMap::new();
    for entry in VARCON.iter().flat_map(|cluster| cluster.entries) {
        let Some(main) = entry.variants.iter().find(|variant| is_american(variant)) else {
            continue;
        };
        for variant in entry.variants.iter().filter(|variant| is_proper(variant)) {
            american.entry(variant.word).or_insert(main.word);
        }
    }
    american
});

fn is_american(variant: &varcon::Variant) -> bool {
    let mut types = variant.types.iter();
    types.any(|spelling| spelling.category == Category::American && spelling.tag.is_none())
}

/// Not one that the list has only as a mistake.
fn is_proper(variant: &varcon::Variant) -> bool {
    let mut types = variant.types.iter();
    types.any(|spelling| !matches!(spelling.tag, Some(Tag::Improper | Tag::Possible)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, words: &str, others: &str) {
        let folded = |words: &str| -> Vec<String> {
            words
                .split(' ')
                .map(|word| folded(language, word.to_owned()))
                .collect()
        };
        assert_eq!(folded(words), folded(others));
    }

    #[test]
    fn spellings_of_a_word_are_one() {
        check(
            "en",
            "colour neighbouring centre theatre travelled organised analyse defence grey catalogue",
            "color neighboring center theater traveled organized analyze defense gray catalog",
        );
        check(
            "en",
            "mister missus doctor saint okay jewellery pyjamas fulfil encyclopaedia manoeuvre",
            "mr mrs dr st ok jewelry pajamas fulfill encyclopedia maneuver",
        );
        check("de", "straße daß", "strasse dass");
    }

    #[test]
    fn other_words_stay_apart() {
        for (one, other) in [
            ("four", "for"),
            ("hour", "our"),
            ("filled", "filed"),
            ("shoe", "she"),
            ("correspondents", "correspondence"),
            ("their", "there"),
            ("affect", "effect"),
            ("miss", "mrs"),
            ("advice", "advise"),
            ("than", "then"),
        ] {
            let (one, other) = (one.to_owned(), other.to_owned());
            assert_ne!(folded("en", one), folded("en", other));
        }
        assert_eq!(folded("fr", "centre".to_owned()), "centre");
    }
}
