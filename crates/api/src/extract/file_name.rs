//! Names of uploaded files (contract 7.1).

/// The longest name, in characters.
const LONGEST: usize = 255;

/// The last path component of `name`, without control characters and not too long; its extension stays as it is.
pub(crate) fn cleaned(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).collect();
    let n_chars = name.chars().count();
    if n_chars <= LONGEST {
        return name;
    }
    let extension = name.rfind('.').map_or("", |at| &name[at..]);
    let n_extension = extension.chars().count();
    if n_extension >= LONGEST {
        return name.chars().take(LONGEST).collect();
    }
    let stem = name.chars().take(LONGEST - n_extension);
    stem.chain(extension.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_1_only_the_last_component_stays() {
        for (name, expected) in [
            ("audio_en.mp3", "audio_en.mp3"),
            ("A.MP3", "A.MP3"),
            ("../../etc/x y é.mp3", "x y é.mp3"),
            (r"C:\dir\a.mp3", "a.mp3"),
            ("a\u{0}\r\nb\u{7f}.mp3", "ab.mp3"),
            ("a.mp3\u{0}.txt", "a.mp3.txt"),
            ("-i.mp3", "-i.mp3"),
            ("$(touch x).mp3", "$(touch x).mp3"),
            ("a.mp3 ", "a.mp3 "),
            ("dir/", ""),
        ] {
            assert_eq!(cleaned(name), expected, "{name:?}");
        }
    }

    #[test]
    fn c7_1_a_long_name_keeps_its_extension() {
        let name = cleaned(&format!("{}.mp3", "é".repeat(10_000)));
        assert_eq!(name.chars().count(), 255);
        assert!(name.ends_with("é.mp3"));
        let nothing_else = cleaned(&format!("a.{}", "x".repeat(300)));
        assert_eq!(nothing_else.chars().count(), 255);
    }
}
