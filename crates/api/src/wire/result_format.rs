//! The formats in which a result is given, and how requests name them.

use domain::export::Format;
use http::{HeaderMap, header};

use super::words::ApiWord;

/// How the result of a task is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultFormat {
    /// A format of transcripts. `json` is the result as it is stored.
    Export(Format),
    /// Who speaks when, in the lines of NIST's Rich Transcription Time Marked files.
    Rttm,
}

impl ResultFormat {
    /// The result as it is stored.
    pub(crate) const JSON: Self = Self::Export(Format::Json);

    /// What stands in `Content-Type`.
    pub(crate) fn content_type(self) -> &'static str {
        match self.word() {
            "json" => "application/json",
            "srt" => "application/x-subrip; charset=utf-8",
            "vtt" => "text/vtt; charset=utf-8",
            "tsv" => "text/tab-separated-values; charset=utf-8",
            "md" => "text/markdown; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The format that the header `Accept` asks for; `json` where it takes anything, or nothing that there is.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter();
        let texts: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        let mut wishes: Vec<_> = (texts.iter())
            .flat_map(|text| text.split(','))
            .filter_map(Wish::read)
            .collect();
        wishes.sort_by(|a, b| b.weight.total_cmp(&a.weight)); // stable: of equal ones the first is taken
        let found = wishes
            .iter()
            .find_map(|wish| Self::of_media_type(&wish.media_type));
        found.unwrap_or(Self::JSON)
    }

    /// The first format of a media type; `text/*` is plain text, and `*/*` is JSON.
    fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "*/*" | "application/*" => Some(Self::JSON),
            "text/*" => Some(Self::Export(Format::Txt)),
            _ => Self::all().into_iter().find(|format| {
                let own = format.content_type();
                own.split(';').next() == Some(media_type)
            }),
        }
    }
}

impl ApiWord for ResultFormat {
    const SCHEMA: Option<&'static str> = None;

    /// JSON comes first. Plain text is `txt` before others that are text too.
    fn all() -> Vec<Self> {
        let others = Format::ALL
            .into_iter()
            .filter(|format| *format != Format::Json);
        let texts = others.map(Self::Export);
        [Self::JSON]
            .into_iter()
            .chain(texts)
            .chain([Self::Rttm])
            .collect()
    }

    fn word(self) -> &'static str {
        match self {
            Self::Export(format) => format.extension(),
            Self::Rttm => "rttm",
        }
    }
}

/// One of the media types of an `Accept` header.
#[derive(Debug)]
struct Wish {
    /// In lower case, without parameters.
    media_type: String,
    /// From 0, which is refused and left out, to 1.
    weight: f32,
}

impl Wish {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        let weight = weight.unwrap_or(1.0);
        (weight > 0.0).then_some(Self { media_type, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        assert_eq!(
            ResultFormat::accepted(&headers).word(),
            expected,
            "{accept}"
        );
    }

    #[test]
    fn b3_1_the_best_that_is_accepted_is_given() {
        assert_eq!(
            ResultFormat::accepted(&HeaderMap::new()),
            ResultFormat::JSON
        );
        check("*/*", "json");
        check("text/vtt", "vtt");
        check("TEXT/VTT;charset=utf-8", "vtt");
        check("application/x-subrip, text/vtt", "srt");
        check("application/x-subrip;q=0.5, text/vtt", "vtt");
        check("text/plain", "txt");
        check("text/tab-separated-values", "tsv");
        check("text/*;q=0.9, application/*;q=0.1", "txt");
        check("image/png, text/vtt;q=0.1", "vtt");
        check("text/vtt;q=0, */*;q=0.1", "json");
        check("image/png", "json");
    }
}
