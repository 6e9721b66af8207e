//! Transcripts that clients upload: what is accepted has times that can be used, can be written in every format, and says
//! the same when it is read again.
#![no_main]

use domain::export::{ExportOptions, Format, write};
use domain::transcript::Transcript;
use domain::transcript_input::{Form, read};
use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;

fuzz_target!(|bytes: &[u8]| {
    let forms = [
        Form::to_align(true),
        Form::to_align(false),
        Form::TO_COMBINE,
        Form::OF_SERVICE,
    ];
    for form in forms {
        let most = (1 << 20) + 512 * bytes.len();
        if let Ok(transcript) = within(most, || read(bytes, form)) {
            check(&transcript);
        }
    }
});

fn check(transcript: &Transcript) {
    for segment in &transcript.segments {
        let (start, end) = (segment.start.0, segment.end.0);
        assert!(0.0 <= start && start <= end && end.is_finite());
    }
    let options = ExportOptions::default();
    let written = |format| write(format, transcript, &options).expect("its times were checked");
    for format in Format::ALL {
        written(format);
    }
    let again = read(written(Format::Json).as_bytes(), Form::TO_COMBINE).expect("it is ours");
    let texts = |transcript: &Transcript| -> Vec<String> {
        let segments = transcript.segments.iter();
        segments.map(|segment| segment.text.clone()).collect()
    };
    assert_eq!(texts(&again), texts(transcript));
    assert_eq!(again.language, transcript.language);
}
