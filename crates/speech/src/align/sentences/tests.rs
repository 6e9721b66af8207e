//! Sentences of known texts.

use super::*;

/// Splits and shows each sentence.
fn split(splitter: &Splitter, text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let spans = splitter.spans(&chars);
    spans
        .into_iter()
        .map(|span| chars[span].iter().collect())
        .collect()
}

#[test]
fn english_spans_are_those_of_the_reference() {
    let english = Splitter::of_whisperx("en");
    let check = |text: &str, expected: &[(usize, usize)]| {
        let chars: Vec<char> = text.chars().collect();
        let spans = english.spans(&chars).into_iter();
        let spans: Vec<_> = spans.map(|span| (span.start, span.end)).collect();
        assert_eq!(spans, expected, "{text}");
    };
    check("Mr. Smith went. He left.", &[(0, 15), (16, 24)]);
    check(" Mr. Smith went. He left.", &[(0, 16), (17, 25)]);
    check("J. S. Bach was here.", &[(0, 20)]);
    check("He said \"Stop!\" Then he ran.", &[(0, 15), (16, 28)]);
    check("Wait... what? Yes!", &[(0, 13), (14, 18)]);
    check("Very bad acting!!! I promise.", &[(0, 18), (19, 29)]);
    check("It cost 3.50 dollars. Pay now.", &[(0, 21), (22, 30)]);
    check("On Jan. 5 he left. Dr. No came.", &[(0, 18), (19, 31)]);
    check("(Sent one.) Sent two.", &[(0, 11), (12, 21)]);
    check("I live in the U.S. He does too.", &[(0, 18), (19, 31)]);
    check("I live in the U.S. and work.", &[(0, 28)]);
    check("Version 2. The end.", &[(0, 10), (11, 19)]);
    check("He came at 5 p.m. Then left.", &[(0, 28)]);
    check(
        "e.g. this one. No. 5 is alive.",
        &[(0, 4), (5, 14), (15, 18), (19, 30)],
    );
    check("你好。再见。", &[(0, 6)]);
    check("", &[]);
    check("   ", &[]);
}

#[test]
fn titles_numbers_and_initials_end_no_sentence() {
    let check = |code: &str, text: &str, expected: &[&str]| {
        assert_eq!(split(&Splitter::for_language(code), text), expected);
    };
    for whole in [
        "We asked Capt. Brown.",
        "I saw Mr. Young there.",
        "He lives on Mt. Long.",
        "Please see (Prof. King) now.",
        "On St. The old one.",
        "It is No. 5 on the list.",
        "Use e.g. Apples.",
        "George W. Brown was here.",
        "J. R. White was here.",
        "\"Stop!\" he said.",
        "We came, etc. and left.",
    ] {
        check("en", whole, &[whole]);
    }
    check(
        "en",
        "Is it? No. The other.",
        &["Is it?", "No.", "The other."],
    );
    check("en", "Take plan B. We go.", &["Take plan B.", "We go."]);
    check("en", "So am I. He too.", &["So am I.", "He too."]);
    check(
        "en",
        "Buy one. iPhones sell.",
        &["Buy one.", "iPhones sell."],
    );
    check(
        "en",
        "no capitals here. none at all.",
        &["no capitals here.", "none at all."],
    );
    check(
        "de",
        "Das ist z.B. Herr Dr. Weiß. Er ist Nr. 3. Gut.",
        &["Das ist z.B. Herr Dr. Weiß.", "Er ist Nr. 3.", "Gut."],
    );
    check(
        "fr",
        "Voici M. Blanc et Mme. Petit. Bien.",
        &["Voici M. Blanc et Mme. Petit.", "Bien."],
    );
    check(
        "es",
        "Vino el Sr. Rojo. Bien.",
        &["Vino el Sr. Rojo.", "Bien."],
    );
    check(
        "it",
        "Ecco il sig. Bianchi. Bene.",
        &["Ecco il sig. Bianchi.", "Bene."],
    );
    check(
        "cs",
        "Přišel Ing. Novák. Dobře.",
        &["Přišel Ing. Novák.", "Dobře."],
    );
    check(
        "hr",
        "Došao je prof. Horvat. Dobro.",
        &["Došao je prof. Horvat.", "Dobro."],
    );
}

#[test]
fn scripts_with_their_own_full_stop_need_no_space() {
    for (language, text, expected) in [
        ("zh", "你好。再见！", vec!["你好。", "再见！"]),
        (
            "ja",
            "彼は「行くよ。」と言った。はい",
            vec!["彼は「行くよ。」", "と言った。", "はい"],
        ),
        ("hi", "वह गया। वह आया।", vec!["वह गया।", "वह आया।"]),
        ("ur", "وہ گیا۔ وہ آیا۔", vec!["وہ گیا۔", "وہ آیا۔"]),
        (
            "en",
            "Hello. 你好。再见。",
            vec!["Hello.", "你好。", "再见。"],
        ),
    ] {
        assert_eq!(split(&Splitter::for_language(language), text), expected);
    }
}

#[test]
fn the_plain_rule_keeps_initials_numbers_and_closing_quotes() {
    let croatian = Splitter::for_language("hr");
    for (text, expected) in [
        ("Dobar dan. Kako ste?", vec!["Dobar dan.", "Kako ste?"]),
        (" To je I. Horvat. Da.", vec![" To je I. Horvat.", "Da."]),
        (
            "Rođen je 5. svibnja. Tako.",
            vec!["Rođen je 5. svibnja.", "Tako."],
        ),
        ("Košta 3.50 eura. Da.", vec!["Košta 3.50 eura.", "Da."]),
        ("Reče: »Stoj!« Otišao je.", vec!["Reče: »Stoj!« Otišao je."]),
        (
            "Reče: „Stoj!” Otišao je.",
            vec!["Reče: „Stoj!”", "Otišao je."],
        ),
    ] {
        assert_eq!(split(&croatian, text), expected);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_but_space_is_lost(text in "[aAbB .!?\"'()。\n-]{0,40}") {
        let chars: Vec<char> = text.chars().collect();
        for splitter in [Splitter::for_language("en"), Splitter::of_whisperx("en"), Splitter::for_language("hr")] {
            let mut end = 0;
            for span in splitter.spans(&chars) {
                proptest::prop_assert!(chars[end..span.start].iter().all(|c| c.is_whitespace()));
                proptest::prop_assert!(span.start < span.end);
                end = span.end;
            }
            proptest::prop_assert!(chars[end..].iter().all(|c| c.is_whitespace()));
        }
    }
}
