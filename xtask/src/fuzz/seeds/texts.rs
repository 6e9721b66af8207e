//! Texts that clients, other machines and administrators write.

use super::{Seed, numbered};

pub(super) fn transcripts() -> Vec<Seed> {
    numbered(&[
        r#"{"language":"en","segments":[{"start":0.0,"end":1.5,"text":" Hi, you.","words":[{"word":"Hi,","start":0.1,"end":0.5,"score":0.9,"speaker":"A"},{"word":"you."}],"speaker":"A"}],"word_segments":[{"word":"Hi,"}]}"#,
        r#"{"status":"completed","result":{"language":"German","segments":[{"start":"0.5","end":1,"text":"\ud83d x","avg_logprob":NaN,"temperature":0,"chars":[{"char":"x","start":0.5,"end":-Infinity}],"words":[]}],"word_segments":[]}}"#,
        "\u{feff}{\"segments\":[]}\r\n\0",
    ])
}

pub(super) fn turns() -> Vec<Seed> {
    numbered(&[
        r#"[{"label":"A","speaker":"X","start":0.5,"end":1},{"speaker":"Y y","start":1,"end":2.25}]"#,
        r#"{"status":"completed","result":{"label":["A","B"],"speaker":["X","Y"],"start":[0.5,1],"end":[1.0,2]}}"#,
        r#"{"speaker":{"0":"X","1":"Y"},"start":{"0":0.5,"1":1},"end":{"0":1,"1":2},"segment":{}}"#,
        ";; by hand\nSPKR-INFO x\nSPEAKER x 1 0.5 1.25 <NA> <NA> A <NA> <NA>\nSPEAKER x 1 61.000 1e1 <NA> <NA> B <NA> <NA>\n",
        "SPEAKER x 1 0.5 1.25 <NA> <NA> A <NA> <NA>\r\n",
    ])
}

pub(super) fn dot_env() -> Vec<Seed> {
    numbered(&[
        "\u{feff}# first\n\n  export A = b c # note\r\nB\nC=\nD=#none\nE=a#b\nexport=1\n'F'=2",
        "A=\"one\\ntwo\nthree \\\" # \" # note\nB='a\\nb'\nC=\"\\d\"",
        "A=x\nB=${A}/${HOME}/${NONE}/${NONE:-y}\nC=${open\nD=$A",
        "AUDIO_EXTENSIONS=[\".flac\", \".mp3\"]\n=x\na b\nD=\"never closed\n",
    ])
}

pub(super) fn file_names() -> Vec<Seed> {
    numbered(&[
        r#"form-data; name="file"; filename="C:\dir\a\"b.mp3""#,
        "form-data; name=file; filename*=utf-8''na%C3%AFve+1.mp3; filename=\"a;b.mp3\"",
        "attachment; filename=plain.mp3; filename*=UTF-8''%e2%82%ac%20rates.mp3",
        "attachment ; FileName = \"../..é/my__file..mp3\" ; size=3; filename*=iso-8859-1'en'%e9.wav",
    ])
}

/// Forms behind two bytes: the kind, and the length of the pieces.
pub(super) fn forms() -> Vec<Seed> {
    numbered(&[
        "\0\u{7}--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\nsound\r\n--X\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\nhttp://a/\r\n--X--\r\n",
        "\u{1}\u{1}preamble\r\n--X--\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--X----\r\nepilogue",
        "\u{2}\u{3}url=http%3A%2F%2Fa%2F&b=1+2&c",
    ])
}
