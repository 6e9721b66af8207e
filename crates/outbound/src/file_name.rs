//! Names of files that others chose (contract 7.1 and 7.4.1).

/// The longest name that file systems and clients take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The extension of `file_name`, in lower case with its dot: what follows the last dot of the last path component; `None`
/// if there is none, or the only dot is the first character.
pub fn extension(file_name: &str) -> Option<String> {
    let (_, extension) = split(file_name)?;
    Some(extension.to_ascii_lowercase())
}

/// The name made safe by contract 7.4.1, its extension, which is one of `extensions`, kept as written; `None` if it has none.
pub fn sanitised(file_name: &str, extensions: &[String]) -> Option<String> {
    let (stem, extension) = split(file_name)?;
    if !extensions.contains(&extension.to_ascii_lowercase()) {
        return None;
    }
    let mut safe = safe_stem(stem);
    safe.truncate(MAX_NAME_BYTES.saturating_sub(extension.len()));
    let trimmed = match safe.trim_matches(['.', '_']) {
        "" => "file",
        trimmed => trimmed,
    };
    Some(format!("{trimmed}{extension}"))
}

/// What a message may show of a name that is not taken: its last component without control characters, cut.
pub(crate) fn shown(file_name: &str) -> String {
    last_component(file_name)
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_NAME_BYTES)
        .collect()
}

/// The last component, split before its last dot.
fn split(file_name: &str) -> Option<(&str, &str)> {
    let name = last_component(file_name);
    let dot = name.rfind('.').filter(|dot| *dot > 0)?;
    let (stem, extension) = name.split_at(dot);
    (extension.len() > 1).then_some((stem, extension))
}

fn last_component(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or(file_name)
}

/// `stem` in letters, digits, `_`, `.` and `-` of ASCII, so that one character is one byte.
fn safe_stem(stem: &str) -> String {
    let mut safe = String::with_capacity(stem.len());
    for character in stem.chars() {
        let kept = match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '-' => character,
            _ => '_',
        };
        let repeats = matches!(kept, '.' | '_') && safe.ends_with(['.', '_']);
        if repeats {
            safe.pop();
            safe.push('_');
        } else {
            safe.push(kept);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn extensions() -> Vec<String> {
        [".mp3", ".wav", ".mkv"].map(String::from).to_vec()
    }

    fn check(file_name: &str, expected: Option<&str>) {
        assert_eq!(
            sanitised(file_name, &extensions()).as_deref(),
            expected,
            "{file_name:?}"
        );
    }

    #[test]
    fn names_are_sanitised_by_the_table_of_the_contract() {
        check("my_test_file.mp3", Some("my_test_file.mp3"));
        check("my..test...file.mp3", Some("my_test_file.mp3"));
        check("...my_test_file.mp3", Some("my_test_file.mp3"));
        check("my@test#file$.mp3", Some("my_test_file.mp3"));
        check("a b.mp3", Some("a_b.mp3"));
        check("héllo.mp3", Some("h_llo.mp3"));
        check("é.mp3", Some("file.mp3"));
        check("名前.mp3", Some("file.mp3"));
        check("a..mp3", Some("a.mp3"));
        check("a_.mp3", Some("a.mp3"));
        check("../../etc/passwd.mp3", Some("passwd.mp3"));
        check("C:\\dir\\a.mp3", Some("a.mp3"));
        check("a.mp3?sig=1", None);
        check("", None);
        check("@#$%^&*()", None);
        check("..", None);
    }

    #[test]
    fn a_single_dot_or_line_in_the_stem_stays() {
        check("a.b.wav", Some("a.b.wav"));
        check("a-b_c.d.mp3", Some("a-b_c.d.mp3"));
        check("a._b.mp3", Some("a_b.mp3"));
    }

    #[test]
    fn the_extension_stays_as_written() {
        check("A.MP3", Some("A.MP3"));
        check("x.Wav", Some("x.Wav"));
    }

    #[test]
    fn attacks_end_as_plain_names() {
        check("a.txt\0.mp3", Some("a.txt.mp3"));
        check("a.mp3\0.txt", None);
        check("a.mp3\0", None);
        check("a\r\nSet-Cookie: x.mp3", Some("a_Set-Cookie_x.mp3"));
        check("a.mp3\r\n", None);
        check("\\\\server\\share\\x.mp3", Some("x.mp3"));
        check("..\\..\\x.mp3", Some("x.mp3"));
        check("..%2f..%2fx.mp3", Some("2f_2fx.mp3"));
        check("x.mp3/", None);
        check("a.mp3:stream.wav", Some("a.mp3_stream.wav"));
        check("\u{202e}3pm.mp3", Some("3pm.mp3"));
        check("x.\u{212a}mkv", None);
        check("x.m\u{212a}v", None); // the sign for kelvin is no k
        check("...mp3", Some("file.mp3"));
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let name = sanitised(&format!("{}.MP3", "a".repeat(10_000)), &extensions()).unwrap();
        assert_eq!(name.len(), 255);
        assert!(name.ends_with("aaa.MP3"));

        // A cut behind a line leaves no line at the end.
        let name = format!("{}_{}.mp3", "a".repeat(250), "b".repeat(10_000));
        check(&name, Some(&format!("{}.mp3", "a".repeat(250))));
    }

    #[test]
    fn extensions_are_what_follows_the_last_dot() {
        for (file_name, expected) in [
            ("audio_en.mp3", Some(".mp3")),
            ("A.MP3", Some(".mp3")),
            ("a.b.wav", Some(".wav")),
            ("a.txt", Some(".txt")),
            ("abc", None),
            (".mp3", None),
            ("a.mp3 ", Some(".mp3 ")),
            ("a.mp3.exe", Some(".exe")),
            ("", None),
            ("a.", None),
            ("..", None),
            ("../../etc/x y é.mp3", Some(".mp3")),
            ("dir.mp3/abc", None),
            ("dir/.mp3", None),
            ("C:\\dir.wav\\a.mp3", Some(".mp3")),
        ] {
            assert_eq!(extension(file_name).as_deref(), expected, "{file_name:?}");
        }
    }

    #[test]
    fn what_is_shown_has_no_control_characters_and_an_end() {
        assert_eq!(shown("dir/a\r\n\0b.exe"), "ab.exe");
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), 255);
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_safe_one_or_none(stem in "(\\PC|[\\x00-\\x1f./\\\\_]){0,400}") {
            let file_name = format!("{stem}.Mp3");
            if let Some(name) = sanitised(&file_name, &extensions()) {
                prop_assert!(name.len() <= 255);
                prop_assert!(name.ends_with(".Mp3"));
                prop_assert!(!name.starts_with(['.', '_']));
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
                prop_assert_eq!(sanitised(&name, &extensions()), Some(name.clone()));
            }
        }
    }
}
