//! Where text without spaces may be parted: which signs begin or end no line (*kinsoku*, JIS X 4051; W3C, Requirements for
//! Japanese Text Layout 3.1.7 and 3.1.8; Requirements for Chinese Text Layout 3.1.4), and where phrases probably end.

/// Signs that begin no line.
const NOT_FIRST: &str = "、。，．・：；？！）」』】〕》〉”’»ゝゞ々ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ…‥—～%‰℃,.:;?!)]}";
/// Signs that end no line.
const NOT_LAST: &str = "（「『【〔《〈“‘«([{¥￥$＄£#";

/// What it costs to part two signs of one script between which anything may stand.
const NEUTRAL: f64 = 6.0;
/// After a comma or another sign inside a sentence.
const AFTER_SIGN: f64 = 1.5;
/// Where a Japanese phrase ends: after its last particle.
const AFTER_PARTICLE: f64 = 3.0;
/// Before a Chinese word that joins clauses.
const BEFORE_CONJUNCTION: f64 = 2.5;
/// Before the inflection or particle of the word before, which makes one phrase with it.
const BEFORE_ENDING: f64 = 12.0;
/// Within a run of signs that spells one word.
const WITHIN_WORD: f64 = 16.0;

/// Chinese words that belong to what stands before them.
const CHINESE_ENDINGS: &str = "的了吗呢吧啊着过们地得";
/// Chinese words that begin clauses, by their first signs.
const CHINESE_CONJUNCTIONS: [&str; 14] = [
    "但", "而", "因为", "所以", "如果", "虽然", "然后", "或者", "并且", "以及", "不过", "可是",
    "和", "與",
];

/// What a character is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Hiragana,
    Katakana,
    Other,
}

fn script(c: char) -> Script {
    match c {
        '\u{3040}'..='\u{309f}' => Script::Hiragana,
        '\u{30a0}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
            Script::Katakana
        }
        '\u{3005}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Script::Han,
        _ => Script::Other,
    }
}

/// Whether no line may end between the two texts, be there a space or not.
pub(super) fn is_forbidden(before: &str, after: &str) -> bool {
    let ends_with = before.chars().next_back();
    let begins_with = after.chars().next();
    // a word may begin with a full stop (`.NET`) or a bracket; a sign alone stands with what it ends
    let is_sign_alone = !after.chars().any(char::is_alphanumeric);
    let is_of_east_asia = begins_with.is_some_and(|c| c > '\u{2fff}');
    let not_first = begins_with.is_some_and(|c| NOT_FIRST.contains(c));
    not_first && (is_sign_alone || is_of_east_asia)
        || ends_with.is_some_and(|c| NOT_LAST.contains(c))
}

/// What it costs to part two texts without a space between; `None` where no script without spaces is near.
pub(super) fn cost(before: &str, after: &str) -> Option<f64> {
    let (last, first) = (before.chars().next_back()?, after.chars().next()?);
    if matches!(last, '、' | '，' | '；' | '：' | ',' | '…') {
        return Some(AFTER_SIGN);
    }
    if CHINESE_ENDINGS.contains(first) {
        return Some(BEFORE_ENDING);
    }
    if CHINESE_CONJUNCTIONS
        .iter()
        .any(|word| after.starts_with(word))
        && last != '的'
    {
        return Some(BEFORE_CONJUNCTION);
    }
    match (script(last), script(first)) {
        // a phrase ends with hiragana, and the next begins with a noun or verb
        (Script::Hiragana, Script::Han | Script::Katakana) => Some(AFTER_PARTICLE),
        (Script::Han | Script::Katakana, Script::Hiragana) => Some(BEFORE_ENDING),
        (Script::Katakana, Script::Katakana) => Some(WITHIN_WORD),
        (Script::Other, Script::Other) if is_thai(last) || is_thai(first) => Some(WITHIN_WORD),
        (Script::Other, Script::Other) => None,
        (Script::Hiragana, Script::Hiragana) => Some(NEUTRAL + 2.0),
        _ => Some(NEUTRAL),
    }
}

/// Scripts without spaces whose words cannot be told without a dictionary: their spaces are better.
fn is_thai(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}
