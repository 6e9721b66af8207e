//! Lines that end inside a phrase: after a word that belongs to the next one.

/// Whether a line or cue ends inside a phrase where `next` goes on: its last word has no punctuation behind it and is an
/// article, a preposition or a conjunction of `language` (English, German, French, Spanish or Italian), or a number before
/// a word in lower case, its unit. In other languages only numbers are known.
pub(super) fn is_cut(language: &str, line: &str, next: &str) -> bool {
    let (Some(last), Some(next)) = (
        line.split_whitespace().last(),
        next.split_whitespace().next(),
    ) else {
        return false;
    };
    if !last.ends_with(char::is_alphanumeric) {
        return false;
    }
    let is_number = last.starts_with(|c: char| c.is_ascii_digit());
    let has_unit = next.starts_with(char::is_lowercase);
    let mut bound = bound_words(language).split_whitespace();
    (is_number && has_unit) || bound.any(|word| word == last.to_lowercase())
}

/// Words after which no line should end. Those that often end a phrase themselves, as the particles of English verbs do
/// (`on`, `up`, `in`), are left out.
fn bound_words(language: &str) -> &'static str {
    match language {
        "en" => {
            "a an the my your his its our their \
             of to from for with at by into onto upon about between among against during without within toward towards \
             and or but nor because although though unless whereas while if than that as when where which who whose"
        }
        "de" => {
            "der die das den dem des ein eine einen einem einer eines kein keine mein meine dein sein seine ihr ihre \
             unser von vom zu zum zur mit bei beim nach aus für durch gegen ohne um in im ins am ans auf über unter \
             vor zwischen hinter neben wegen und oder aber sondern denn weil dass wenn als ob obwohl während"
        }
        "fr" => {
            "le la les l un une des du de d au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre \
             vos leur leurs à en dans par pour sur sous avec sans chez vers entre contre et ou mais donc car ni que qui \
             dont où si quand comme"
        }
        "es" => {
            "el la los las un una unos unas mi mis tu tus su sus de del a al en con por para sin sobre entre desde \
             hasta hacia contra y e o u pero sino que porque aunque si cuando como"
        }
        "it" => {
            "il lo la i gli le l un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dalla \
             in nel nella con su sul sulla per tra fra e ed o ma che perché se quando come"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, line: &str, next: &str, expected: bool) {
        assert_eq!(is_cut(language, line, next), expected, "{line} | {next}");
    }

    #[test]
    fn a_phrase_is_cut_after_a_word_that_belongs_to_the_next() {
        check("en", "We went into the", "garden.", true);
        check("en", "He said that", "it was late.", true);
        check("de", "Wir gingen in den", "Garten.", true);
        check("fr", "Il est allé à", "la mer.", true);
        check("es", "Vamos a", "casa.", true);
        check("it", "La casa della", "nonna.", true);
        check("en", "It weighs 20", "kilograms.", true);
    }

    #[test]
    fn other_ends_are_fine() {
        check("en", "We went home", "and slept.", false);
        check("en", "What was it for?", "I forgot.", false);
        check("en", "Come on", "in.", false);
        check("en", "Born in 1950", "He died young.", false);
        // Nothing follows, so nothing is cut.
        check("en", "And then the", "", false);
        // Words of another language.
        check("sv", "We went into the", "garden.", false);
    }
}
