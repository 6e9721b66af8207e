//! Command lines that ask for what cannot be.

use crate::command::{Desk, silence};

fn check(arguments: &[&str], expected: &str) {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    desk.put("more/talk.mp3", silence(1));
    let arguments: Vec<_> = ["transcribe"].iter().chain(arguments).copied().collect();
    desk.run_without_models(&arguments)
        .assert_failed(2, expected);
}

/// Like [`check`], where the parser of the command line words the rest of the message.
fn check_part(arguments: &[&str], expected: &str) {
    let desk = Desk::new();
    let arguments: Vec<_> = ["transcribe"].iter().chain(arguments).copied().collect();
    desk.run(&arguments).assert_failed_saying(2, expected);
}

#[test]
fn values_out_of_range_are_told_all_at_once() {
    check(
        &[
            "talk.wav",
            "--beam-size=0",
            "--patience=-1",
            "--threads=5000",
            "--temperature=-0.1",
        ],
        "scriven: --beam-size must be from 1 to 100, not 0\n\
         scriven: --patience must be a number above 0, not -1\n\
         scriven: --temperature must be numbers from 0 upwards, not -0.1\n\
         scriven: --threads must be from 0 to 1024, not 5000",
    );
}

#[test]
fn values_of_the_wrong_kind_say_what_is_right() {
    check_part(
        &["x.wav", "--beam-size", "many"],
        "it must be a whole number from 0 upwards",
    );
    check_part(&["x.wav", "--length-penalty", "nan"], "it must be a number");
    check_part(
        &["x.wav", "--no-speech-threshold", "x"],
        "it must be a number, or 'none'",
    );
    check_part(
        &["x.wav", "--max-line-width", "0"],
        "it must be a whole number from 1 to 1000",
    );
    check_part(&["x.wav", "--gap", "x"], "it must be a number from 0 to 1");
    check_part(&["x.wav", "--suppress-tokens", "1,x"], "'x' is no token id");
    check_part(
        &["x.wav", "--format", "docx"],
        "[possible values: txt, srt, vtt, tsv, aud, md, json, all]",
    );
    check_part(
        &["x.wav", "--compute-type", "int4"],
        "[possible values: int8, float32, float16]",
    );
    check_part(
        &["x.wav", "--beem-size", "5"],
        "a similar argument exists: '--beam-size'",
    );
    check_part(&[], "<FILE>...");
}

#[test]
fn unknown_names_get_the_nearest_one_proposed() {
    check_part(
        &["x.wav", "--language", "englsh"],
        "did you mean 'en' (english)?",
    );
    check_part(
        &["x.wav", "--language", "jp"],
        "did you mean 'ja' (japanese)?",
    );
    check_part(
        &["x.wav", "--language", "klingon"],
        "give a code such as 'en'",
    );
    check_part(&["x.wav", "--model", "basee"], "did you mean 'base'?");
}

#[test]
fn an_english_model_takes_no_other_language() {
    check(
        &["talk.wav", "--model", "tiny.en", "--language", "German"],
        "scriven: --language cannot be german: the model 'tiny.en' knows only English\n\
         hint: choose a model without '.en' in its name, such as --model base",
    );
    check(
        &["talk.wav", "--model", "tiny.en", "--task", "translate"],
        "scriven: --task cannot be translate: the model 'tiny.en' knows only English\n\
         hint: choose a model without '.en' in its name, such as --model base",
    );
}

#[test]
fn a_graphics_card_is_not_supported_and_said_so_at_once() {
    check(
        &["talk.wav", "--device", "cuda"],
        "scriven: --device cuda: this build of scriven has no support for graphics cards\n\
         hint: leave --device out, or use --device cpu",
    );
}

#[test]
fn results_that_cannot_share_standard_output_need_a_folder() {
    check(
        &["talk.wav", "other.wav", "--format", "srt"],
        "scriven: several srt results cannot share standard output\n\
         hint: name a folder for them with --output-dir",
    );
    check(
        &["talk.wav", "--format", "all"],
        "scriven: --format all gives several files, which cannot share standard output\n\
         hint: name a folder for them with --output-dir",
    );
}

#[test]
fn two_recordings_of_one_name_do_not_replace_each_other() {
    check(
        &["talk.wav", "more/talk.mp3", "--output-dir", "out"],
        "scriven: the results of talk.wav and more/talk.mp3 would both be out/talk.txt\n\
         hint: transcribe them in two runs, with another --output-dir",
    );
}

#[test]
fn standard_input_is_read_once() {
    check(
        &["-", "-"],
        "scriven: '-' stands for standard input, which can be read only once",
    );
}

#[test]
fn flags_for_subtitles_need_subtitles() {
    check(
        &["talk.wav", "--max-line-width", "40", "--format", "json"],
        "scriven: --max-line-width shapes subtitles and has no effect on this format\n\
         hint: use it with --format srt, vtt or all",
    );
    check(
        &["talk.wav", "--text-style", "paragraphs", "--format", "srt"],
        "scriven: --text-style shapes plain text and has no effect on this format\n\
         hint: use it with --format txt or all",
    );
    check(
        &["talk.wav", "--min-duration", "8", "--format", "srt"],
        "scriven: --min-duration must be at most the maximum, 7, not 8",
    );
    check(
        &[
            "talk.wav",
            "--highlight-words",
            "--format",
            "srt",
            "--align",
            "off",
        ],
        "scriven: --highlight-words needs the times of words, which --align off leaves out",
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_the_work() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    // A file in the way stops everybody, root included.
    desk.put("file", "");
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "-o", "file/out"]);
    ran.assert_failed(
        2,
        "scriven: cannot write in file/out: Not a directory (os error 20)\n\
         hint: name another folder with --output-dir",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_found_before_the_work() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    // Nobody may write there, root included.
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "-o", "/proc/self"]);
    ran.assert_failed_saying(2, "scriven: cannot write in /proc/self: ");
}

#[test]
fn f18_a_result_that_cannot_be_written_is_found_before_the_work() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    desk.put("out/talk.json/file", "");
    let arguments = ["transcribe", "talk.wav", "-f", "all", "-o", "out"];
    desk.run_without_models(&arguments).assert_failed(
        2,
        "scriven: cannot write out/talk.json: there is a folder of that name\n\
         hint: name another folder with --output-dir",
    );
    let folder = "y".repeat(256);
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "-o", &folder]);
    ran.assert_failed_saying(2, "File name too long");
    // names that differ only in what must be cut off
    let [first, second] = ["a", "b"].map(|end| "y".repeat(250) + end + ".wav");
    desk.put(&first, silence(1));
    desk.put(&second, silence(1));
    let ran = desk.run_without_models(&["transcribe", &first, &second, "-f", "json", "-o", "out"]);
    ran.assert_failed_saying(2, "would both be out/yyy");
}
