//! Where in a document its JSON breaks off, in the words of who wrote it.

use super::excerpt;

/// What a list or an object is read as far as.
enum Level {
    /// The number of the item, from 1.
    List(usize),
    /// The name of the member; empty before the first.
    Object(String),
}

/// The member that stands at a line and column of `json`, both counted from 1, such as `'score' of word 2 of
/// segment 1`; `None` outside of all members.
pub(super) fn place_in(json: &[u8], line: usize, column: usize) -> Option<String> {
    let lines = json.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    let end = (before + column.saturating_sub(1)).min(json.len());
    let words = words(&levels(&json[..end]));
    (!words.is_empty()).then(|| excerpt(&words.join(" of ")))
}

/// The lists and objects that are open at the end of `json`, from the outermost.
fn levels(json: &[u8]) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let mut text: Vec<u8> = Vec::new();
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match (byte, levels.last_mut()) {
            (b'"', _) => {
                text.clear();
                while let Some(byte) = bytes.next().filter(|byte| **byte != b'"') {
                    text.push(*byte);
                    if *byte == b'\\' {
                        text.extend(bytes.next());
                    }
                }
            }
            (b':', Some(Level::Object(name))) => {
                *name = String::from_utf8_lossy(&text).into_owned();
            }
            (b',', Some(Level::List(number))) => *number += 1,
            (b',', Some(Level::Object(name))) => name.clear(),
            (b'[', _) => levels.push(Level::List(1)),
            (b'{', _) => levels.push(Level::Object(String::new())),
            (b']' | b'}', _) => drop(levels.pop()),
            _ => (),
        }
    }
    levels
}

/// What each level is called, from the innermost.
fn words(levels: &[Level]) -> Vec<String> {
    let mut words = Vec::new();
    let mut inner: Option<usize> = None;
    for level in levels.iter().rev() {
        match (level, inner.take()) {
            (Level::List(number), None) => inner = Some(*number),
            (Level::List(number), Some(of_inner)) => {
                words.push(format!("item {of_inner}"));
                inner = Some(*number);
            }
            (Level::Object(name), None) if name.is_empty() => (),
            (Level::Object(name), None) => words.push(format!("'{name}'")),
            (Level::Object(name), Some(number)) => words.push(match &**name {
                "segments" => format!("segment {number}"),
                "words" => format!("word {number}"),
                "chars" => format!("character {number}"),
                _ => format!("item {number} of '{name}'"),
            }),
        }
    }
    words.extend(inner.map(|number| format!("turn {number}")));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(json: &str) -> Option<String> {
        place_in(json.as_bytes(), 1, json.len() + 1)
    }

    #[test]
    fn a_place_is_told_from_the_inside() {
        for (json, expected) in [
            ("", None),
            ("{", None),
            (r#"{"a":"#, Some("'a'")),
            (r#"{"a":1,"#, None),
            (r#"{"a,[\"":1,"b":"x"#, Some("'b'")),
            (r#"{"segments":[{},{"text":""#, Some("'text' of segment 2")),
            (
                r#"{"segments":[{"words":[{"word":"[1"},"#,
                Some("word 2 of segment 1"),
            ),
            (
                r#"{"word_segments":[{"end":"#,
                Some("'end' of item 1 of 'word_segments'"),
            ),
            (r#"[{},{"speaker":"#, Some("'speaker' of turn 2")),
            ("[[1,", Some("item 2 of turn 1")),
        ] {
            assert_eq!(place(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        let json = format!("{{\"{}\":", "é".repeat(1000));
        assert_eq!(place(&json).unwrap().chars().count(), 200);
    }
}
