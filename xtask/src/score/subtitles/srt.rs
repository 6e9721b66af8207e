//! Reading of `SubRip` files, apart from the code that writes them.

/// What is shown for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cue {
    /// In milliseconds.
    pub(crate) start: u64,
    /// In milliseconds.
    pub(crate) end: u64,
    /// As they are shown, without tags.
    pub(crate) lines: Vec<String>,
}

/// The cues of a file.
///
/// # Errors
/// A cue has no number, no times or no text; the message says which.
pub(crate) fn parse(text: &str) -> Result<Vec<Cue>, String> {
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n'));
    let blocks = blocks.filter(|block| !block.is_empty());
    blocks
        .zip(1..)
        .map(|(block, number)| cue(block, number))
        .collect()
}

fn cue(block: &str, number: usize) -> Result<Cue, String> {
    let wrong = || format!("cue {number} is '{block}'");
    let mut lines = block.lines();
    if lines.next() != Some(&number.to_string()) {
        return Err(wrong());
    }
    let times = lines.next().and_then(|line| line.split_once(" --> "));
    let (start, end) = times.ok_or_else(wrong)?;
    let (start, end) = (milliseconds(start), milliseconds(end));
    let lines: Vec<String> = lines.map(without_tags).collect();
    match (start, end, lines.is_empty()) {
        (Some(start), Some(end), false) if start <= end => Ok(Cue { start, end, lines }),
        _ => Err(wrong()),
    }
}

/// The milliseconds of `01:02:03,456`.
fn milliseconds(time: &str) -> Option<u64> {
    let (clock, fraction) = time.split_once(',')?;
    let parts: Vec<u64> = clock
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else {
        return None;
    };
    let fraction: u64 = fraction.parse().ok().filter(|_| fraction.len() == 3)?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction)
}

/// The line without `<i>`, `</u>` and the like.
fn without_tags(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, tag)) = rest.split_once('<') {
        let end = tag.find('>').filter(|end| is_tag(&tag[..*end]));
        out.push_str(before);
        rest = if let Some(end) = end {
            &tag[end + 1..]
        } else {
            out.push('<');
            tag
        };
    }
    out + rest
}

fn is_tag(name: &str) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name);
    matches!(name, "b" | "i" | "u") || name == "font" || name.starts_with("font ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_read_as_they_are_shown() {
        let text = "1\n00:00:00,500 --> 00:00:02,000\n- One <i>line</i>,\n- 3 < 4 > 2\n\n\
                    2\n01:02:03,004 --> 01:02:04,000\nTwo\n\n";
        let cues = parse(text).unwrap();
        assert_eq!((cues[0].start, cues[0].end), (500, 2000));
        assert_eq!(cues[0].lines, ["- One line,", "- 3 < 4 > 2"]);
        assert_eq!((cues[1].start, cues[1].end), (3_723_004, 3_724_000));
        assert_eq!(cues.len(), 2);
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_cue_is_refused() {
        for text in [
            "2\n00:00:00,500 --> 00:00:02,000\nNot the first\n",
            "1\n00:00:00.500 --> 00:00:02.000\nOf WebVTT\n",
            "1\n00:00:02,000 --> 00:00:01,000\nBackwards\n",
            "1\n00:00:00,500 --> 00:00:02,000\n\n",
            "1\nno times\nText\n",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with("cue 1 is '"), "{problem}");
        }
    }
}
