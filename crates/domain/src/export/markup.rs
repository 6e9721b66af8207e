//! How the formats of subtitles write what is not plain text.

use super::cue::without_arrows;

/// The signs of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// None at all: the text as it is.
    None,
    /// SubRip, which escapes nothing and has no mark for speakers.
    SubRip,
    /// WebVTT (W3C, WebVTT: The Web Video Text Tracks Format, "WebVTT cue text span").
    WebVtt,
}

impl Markup {
    /// The text as it is shown, not read as markup; in subtitles without `-->`, which would end a cue.
    pub(super) fn escape(self, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::SubRip => without_arrows(text),
            Self::WebVtt => {
                let text = without_arrows(text).replace('&', "&amp;");
                text.replace('<', "&lt;").replace('>', "&gt;")
            }
        }
    }

    /// `text`, which is escaped already, as what the speaker `name` says. A mark that is not closed holds for the whole cue.
    pub(super) fn voice(self, name: &str, text: &str, is_closed: bool) -> String {
        match self {
            Self::None | Self::SubRip => text.to_owned(),
            Self::WebVtt => {
                let end = if is_closed { "</v>" } else { "" };
                format!("<v {}>{text}{end}", self.escape(name))
            }
        }
    }
}
