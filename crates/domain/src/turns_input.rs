//! Reads turns of speakers as other programs write them: for the service and for the commands alike.

use serde_json::{Map, Value, json};

use crate::diarization::{Diarization, Turn};
use crate::document::{self, DocumentError, excerpt};
use crate::units::Seconds;

/// Reads a JSON list of turns with `speaker`, `start` and `end` each, in any order; the same as a table by columns, as
/// pandas writes it; a task of a service that has either as its `result`; or RTTM. What else they hold is passed over.
///
/// # Errors
/// If the document is something else, or a turn ends before it starts or starts before the recording.
pub fn read(bytes: &[u8]) -> Result<Diarization, DocumentError> {
    if document::as_utf8(bytes)
        .trim_ascii_start()
        .starts_with(b"SPEAKER ")
    {
        return read_rttm(bytes);
    }
    let document = document::parse(bytes)?;
    let result = document.get("result").filter(|result| !result.is_null());
    let document = result.unwrap_or(&document);
    let rows = document.as_object().and_then(rows);
    let items = match &rows {
        Some(rows) => rows,
        None => document::list("the document", document)?,
    };
    let turns = items.iter().zip(1..).map(read_turn);
    Ok(Diarization::new(
        turns.collect::<Result<_, _>>()?,
        Vec::new(),
    ))
}

/// Reads RTTM: the lines `SPEAKER`, which are all of one recording; others are passed over.
///
/// # Errors
/// If a line lacks a time or a speaker, or the lines are of several recordings.
pub fn read_rttm(bytes: &[u8]) -> Result<Diarization, DocumentError> {
    let text = document::as_utf8(bytes);
    // As where JSON is read: names are the same however they are written.
    let text = String::from_utf8_lossy(&text).replace('\u{7f}', "?");
    let lines = text.lines().zip(1..);
    let mut turns = Vec::new();
    let mut recording: Option<&str> = None;
    for (line, number) in lines {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.first() != Some(&"SPEAKER") {
            continue;
        }
        let name = fields.get(1).copied().unwrap_or_default();
        let first = *recording.get_or_insert(name);
        if name != first {
            let [name, first] = [name, first].map(excerpt);
            let reason = format!("is of the recording '{name}', and those before of '{first}'");
            return Err(document::wrong(&format!("line {number}"), reason));
        }
        turns.push(read_rttm_line(&fields, number)?);
    }
    Ok(Diarization::new(turns, Vec::new()))
}

/// A table by columns as a list of rows, if it is one: each column an object by the numbers of rows, or a list.
fn rows(columns: &Map<String, Value>) -> Option<Vec<Value>> {
    let column = |name: &str| columns.get(name);
    let (starts, ends, speakers) = (column("start")?, column("end")?, column("speaker")?);
    match starts {
        Value::Array(starts) => {
            let numbered = starts.iter().enumerate();
            let row = |(idx, start)| json!({"start": start, "end": ends.get(idx), "speaker": speakers.get(idx)});
            Some(numbered.map(row).collect())
        }
        Value::Object(starts) => {
            let mut named: Vec<_> = starts.iter().collect();
            named.sort_by_key(|(name, _)| name.parse::<usize>().ok());
            let row = |(name, start): (&String, _)| json!({"start": start, "end": ends.get(name), "speaker": speakers.get(name)});
            Some(named.into_iter().map(row).collect())
        }
        _ => None,
    }
}

fn read_turn((item, number): (&Value, usize)) -> Result<Turn, DocumentError> {
    let turn = document::object(&format!("turn {number}"), item)?;
    let speaker = turn.text("speaker")?.to_owned();
    let (start, end) = turn.span()?;
    Ok(Turn {
        start,
        end,
        speaker,
    })
}

/// `SPEAKER recording channel start duration <NA> <NA> speaker …`.
fn read_rttm_line(fields: &[&str], number: usize) -> Result<Turn, DocumentError> {
    let place = format!("line {number}");
    let time = |idx: usize, what: &str| {
        let text = fields.get(idx).copied().unwrap_or_default();
        let time: Option<f64> = text.parse().ok();
        time.filter(|time| time.is_finite() && *time >= 0.0)
            .ok_or_else(|| {
                let text = excerpt(text);
                let reason = format!("has '{text}' where the {what} in seconds is needed");
                document::wrong(&place, reason)
            })
    };
    let (start, duration) = (time(3, "start")?, time(4, "duration")?);
    let end = start + duration;
    if !end.is_finite() {
        return Err(document::wrong(&place, "ends beyond all times"));
    }
    let speaker = fields.get(7);
    let speaker = speaker.ok_or_else(|| document::wrong(&place, "has no speaker"))?;
    Ok(Turn {
        start: Seconds(start),
        end: Seconds(end),
        speaker: (*speaker).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(start: f64, end: f64, speaker: &str) -> Turn {
        Turn {
            start: Seconds(start),
            end: Seconds(end),
            speaker: speaker.into(),
        }
    }

    fn turns(document: &str) -> Vec<Turn> {
        read(document.as_bytes()).unwrap().turns
    }

    fn check_wrong(document: &str, expected: &str) {
        let error = read(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document}");
    }

    #[test]
    fn what_is_written_can_be_read() {
        let diarization = Diarization::new(
            vec![turn(0.5, 1.75, "A"), turn(1.5, 2.0, "Zoë")],
            Vec::new(),
        );
        for document in [diarization.to_json(), diarization.to_rttm("x")] {
            assert_eq!(
                read(document.as_bytes()),
                Ok(diarization.clone()),
                "{document}"
            );
        }
        assert_eq!(turns(" [] "), []);
    }

    #[test]
    fn c7_7_reading_is_tolerant_where_it_does_no_harm() {
        let rows = r#"[{"label":NaN,"speaker":"X","start":"0.5","end":1,"more":[]},{"speaker":"Y","start":1,"end":2}]"#;
        let task = format!(r#"{{"status":"completed","result":{rows}}}"#);
        let lists = r#"{"label":["A","B"],"speaker":["X","Y"],"start":[0.5,1],"end":[1.0,2]}"#;
        let objects = r#"{"speaker":{"0":"X","1":"Y"},"start":{"0":0.5,"1":1},"end":{"0":1,"1":2},"segment":{}}"#;
        for document in [
            rows,
            &format!("\u{feff}{rows}\r\n\0"),
            &task,
            lists,
            objects,
        ] {
            assert_eq!(
                turns(document),
                [turn(0.5, 1.0, "X"), turn(1.0, 2.0, "Y")],
                "{document}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        check_wrong("", "it is not JSON: it is empty");
        check_wrong("nope", "it is not JSON: expected ident at line 1 column 2");
        check_wrong("null", "the document must be a list, not null");
        check_wrong("{\"a\":1}", "the document must be a list, not an object");
        check_wrong(
            "{\"result\":{}}",
            "the document must be a list, not an object",
        );
        check_wrong("[1]", "turn 1 must be an object, not a number");
        check_wrong("[{\"speaker\":\"A\"}]", "turn 1 has no 'start'");
        let with = |members: &str| format!("[{{\"speaker\":\"A\"{members}}}]");
        check_wrong(
            &with(",\"speaker\":7"),
            "turn 1 has a 'speaker' that is a number, where a text is needed",
        );
        check_wrong(
            &with(",\"speaker\":NaN"),
            "turn 1 has a 'speaker' that is NaN, where a text is needed",
        );
        check_wrong(
            &with(",\"start\":\"NaN\",\"end\":1"),
            "turn 1 has a 'start' that is a text, where a number is needed",
        );
        check_wrong(
            &with(",\"start\":null,\"end\":1"),
            "turn 1 has a 'start' that is null, where a number is needed",
        );
        check_wrong(
            &with(",\"start\":5,\"end\":1"),
            "turn 1 ends at 1 s, before it starts at 5 s",
        );
        check_wrong(
            &with(",\"start\":0,\"end\":NaN"),
            "turn 1 has a 'end' that is NaN, where a number is needed",
        );
        check_wrong(
            "{\"speaker\":[\"A\",\"A\"],\"start\":[0,1],\"end\":[1]}",
            "turn 2 has a 'end' that is null, where a number is needed",
        );
        let error = read(b"\xff\xfe\0").unwrap_err();
        assert!(matches!(error, DocumentError::NotJson(_)), "{error}");
    }

    #[test]
    fn rttm_holds_other_lines_too() {
        let rttm = "\u{feff};; made by hand\r\n\nSPKR-INFO x\r\nSPEAKER x 1 0.5 1.25 <NA> <NA> A <NA> <NA>\r\n";
        let diarization = read_rttm(rttm.as_bytes()).unwrap();
        assert_eq!(diarization.turns, [turn(0.5, 1.75, "A")]);
        assert_eq!(read_rttm(b""), Ok(Diarization::default()));
    }

    #[test]
    fn a_line_of_rttm_that_is_wrong_is_told_by_its_number() {
        let wrong = |line: &str| {
            let rttm = format!("SPEAKER x 1 0.0 1.0 <NA> <NA> A <NA> <NA>\n{line}\n");
            read(rttm.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(
            wrong("SPEAKER x 1"),
            "line 2 has '' where the start in seconds is needed"
        );
        assert_eq!(
            wrong("SPEAKER x 1 0 -1 <NA> <NA> A"),
            "line 2 has '-1' where the duration in seconds is needed"
        );
        assert_eq!(
            wrong("SPEAKER x 1 1e308 1e308 <NA> <NA> A"),
            "line 2 ends beyond all times"
        );
        assert_eq!(wrong("SPEAKER x 1 0 1"), "line 2 has no speaker");
        assert_eq!(
            wrong("SPEAKER y 1 0 1 <NA> <NA> A"),
            "line 2 is of the recording 'y', and those before of 'x'"
        );
        let long = wrong(&format!("SPEAKER x 1 {} 1", "7x".repeat(1000)));
        assert!(long.len() < 300, "{long}");
    }
}
