//! Settings from all sources: that each takes effect, that each mistake is named, and that secrets stay secret.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::{Config, Sources};

const TOKEN: &str = "hf_MarkerTokenOfAnn";
const SIGNING: &str = "whsec_TWFya2VyU2VjcmV0TWFya2VyU2VjcmV0";

fn environment(variables: &[(&str, &str)]) -> Sources {
    let variables = variables
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Sources {
        environment: variables.collect(),
        ..Sources::default()
    }
}

fn file(text: &str) -> Sources {
    Sources {
        file: Some((PathBuf::from("scriven.toml"), text.to_owned())),
        ..Sources::default()
    }
}

fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(&environment(variables)).unwrap()
}

fn mistakes(sources: &Sources) -> String {
    Config::read(sources).unwrap_err().to_string()
}

#[track_caller]
fn assert_shows(config: &Config, line: &str) {
    let shown = config.to_toml();
    assert!(
        shown.lines().any(|shown| shown == line),
        "{line} is not in\n{shown}"
    );
}

/// Every variable, a value that is not its default, and the line that shows it.
const OTHER_VALUES: &[(&str, &str, &str)] = &[
    ("HOST", "127.0.0.1", r#"host = "127.0.0.1""#),
    ("PORT", "9000", "port = 9000"),
    ("SERVER_THREADS", "3", "server_threads = 3"),
    ("MAX_CONNECTIONS", "50", "max_connections = 50"),
    ("REQUEST_HEAD_TIMEOUT", "5", "request_head_timeout = 5"),
    ("REQUEST_READ_TIMEOUT", "6", "request_read_timeout = 6"),
    ("REQUEST_TOTAL_TIMEOUT", "7", "request_total_timeout = 7"),
    (
        "DB_URL",
        "sqlite:////data/x.db",
        r#"db_url = "sqlite:////data/x.db""#,
    ),
    ("DB_ECHO", "yes", "db_echo = true"),
    ("DB_POOL_SIZE", "1", "db_pool_size = 1"),
    ("DB_MAX_OVERFLOW", "0", "db_max_overflow = 0"),
    ("DB_POOL_TIMEOUT", "1", "db_pool_timeout = 1"),
    ("DB_POOL_RECYCLE", "60", "db_pool_recycle = 60"),
    ("HF_TOKEN", TOKEN, r#"# hf_token = "[redacted]""#),
    ("WHISPER_MODEL", "large@v1", r#"whisper_model = "large@v1""#),
    ("DEFAULT_LANG", "de", r#"default_lang = "de""#),
    ("DEVICE", "cpu", r#"device = "cpu""#),
    ("COMPUTE_TYPE", "float32", r#"compute_type = "float32""#),
    ("ENVIRONMENT", "Testing", r#"environment = "testing""#),
    ("DEV", "1", "dev = true"),
    ("LOG_LEVEL", "warning", r#"log_level = "WARNING""#),
    ("LOG_FORMAT", "text", r#"log_format = "text""#),
    ("LOGS_DIR", "/logs", r#"logs_dir = "/logs""#),
    ("FILTER_WARNING", "off", "filter_warning = false"),
    ("CALLBACK_TIMEOUT", "1", "callback_timeout = 1"),
    ("CALLBACK_MAX_RETRIES", "0", "callback_max_retries = 0"),
    (
        "CALLBACK_SIGNING_SECRET",
        SIGNING,
        r#"# callback_signing_secret = "[redacted]""#,
    ),
    (
        "SSRF_PROTECTION_ENABLED",
        "false",
        "ssrf_protection_enabled = false",
    ),
    (
        "SSRF_ALLOWED_SCHEMES",
        r#"["HTTPS"]"#,
        r#"ssrf_allowed_schemes = ["https"]"#,
    ),
    (
        "SSRF_BLOCKED_NETWORKS",
        r#"["10.1.2.3/8", "::1"]"#,
        r#"ssrf_blocked_networks = ["10.0.0.0/8", "::1/128"]"#,
    ),
    (
        "SSRF_ALLOWED_HOSTS",
        r#"["Hooks.internal", "::1"]"#,
        r#"ssrf_allowed_hosts = ["hooks.internal", "::1"]"#,
    ),
    (
        "AUDIO_EXTENSIONS",
        r#"[".flac"]"#,
        r#"audio_extensions = [".flac"]"#,
    ),
    ("VIDEO_EXTENSIONS", "[]", "video_extensions = []"),
    ("TEMP_DIR", "/fast", r#"temp_dir = "/fast""#),
    (
        "FFMPEG_BINARY",
        "/opt/ffmpeg",
        r#"ffmpeg_binary = "/opt/ffmpeg""#,
    ),
    ("FFMPEG_TIMEOUT", "5", "ffmpeg_timeout = 5"),
    (
        "MAX_UPLOAD_BYTES",
        "1_048_576",
        "max_upload_bytes = 1048576",
    ),
    ("MAX_JSON_BYTES", "1", "max_json_bytes = 1"),
    ("MAX_AUDIO_SECONDS", "60", "max_audio_seconds = 60"),
    ("MAX_QUEUE_SIZE", "10.0", "max_queue_size = 10"),
    (
        "MAX_QUEUE_AUDIO_SECONDS",
        "50000",
        "max_queue_audio_seconds = 50000",
    ),
    (
        "DOWNLOAD_CONNECT_TIMEOUT",
        "1",
        "download_connect_timeout = 1",
    ),
    ("DOWNLOAD_READ_TIMEOUT", "2", "download_read_timeout = 2"),
    ("DOWNLOAD_TOTAL_TIMEOUT", "3", "download_total_timeout = 3"),
    ("MODEL_DIR", "/models", r#"model_dir = "/models""#),
    (
        "PRELOAD_MODELS",
        r#"["base", "tiny.en"]"#,
        r#"preload_models = ["base", "tiny.en"]"#,
    ),
    (
        "MODEL_REVISIONS",
        r#"["small@v1", "owner/name@abc"]"#,
        r#"model_revisions = ["small@v1", "owner/name@abc"]"#,
    ),
    ("MODEL_CACHE_SIZE", "2", "model_cache_size = 2"),
    (
        "MODEL_MEMORY_BYTES",
        "1000000",
        "model_memory_bytes = 1000000",
    ),
    ("MODEL_IDLE_SECONDS", "900", "model_idle_seconds = 900"),
    ("THREADS", "2", "threads = 2"),
    (
        "MAX_CONCURRENT_CPU_TASKS",
        "4",
        "max_concurrent_cpu_tasks = 4",
    ),
    (
        "MAX_CONCURRENT_GPU_TASKS",
        "2",
        "max_concurrent_gpu_tasks = 2",
    ),
    (
        "DIARIZE_MODEL",
        "pyannote/speaker-diarization-3.1",
        r#"diarize_model = "speaker-diarization-3.1""#,
    ),
    ("ENGINE", "scripted", r#"engine = "scripted""#),
    (
        "ALLOW_SCRIPTED_ENGINE",
        "true",
        "allow_scripted_engine = true",
    ),
    (
        "TASK_TIMEOUT_SECONDS",
        "3600",
        "task_timeout_seconds = 3600",
    ),
    ("FAILPOINT", "stored:2", r#"failpoint = "stored:2""#),
    ("MAX_ATTEMPTS", "1", "max_attempts = 1"),
    ("LEASE_SECONDS", "30", "lease_seconds = 30"),
    ("SHUTDOWN_GRACE_SECONDS", "0", "shutdown_grace_seconds = 0"),
];

#[test]
fn td1_every_setting_takes_effect() {
    for (variable, value, line) in OTHER_VALUES {
        let mut variables = vec![(*variable, *value)];
        if ["ENGINE", "FAILPOINT"].contains(variable) {
            variables.push(("ENVIRONMENT", "testing"));
        }
        if *variable == "FAILPOINT" {
            variables.push(("ENGINE", "scripted"));
        }
        assert_shows(&config(&variables), &format!("{line}  # {variable}"));
    }
    let tried: BTreeSet<_> = OTHER_VALUES
        .iter()
        .map(|(variable, ..)| *variable)
        .collect();
    let known = config(&[]).known;
    let known: BTreeSet<_> = known.iter().map(|known| known.setting.variable).collect();
    assert_eq!(tried, known);
}

#[test]
fn td1_every_invalid_value_is_named() {
    let check = |variable: &str, value: &str, reason: &str| {
        let told = mistakes(&environment(&[(variable, value)]));
        assert_eq!(told, format!("{variable} {reason}"));
    };
    check(
        "HOST",
        "http://x",
        "must be an address or a name, not 'http://x'",
    );
    check("HOST", "", "must be an address or a name, not ''");
    check("PORT", "65536", "must be at most 65535");
    check(
        "PORT",
        "http",
        "must be a whole number from 0 to 65535, not 'http'",
    );
    check(
        "SERVER_THREADS",
        "999",
        "must be a whole number from 0 to 256, not '999'",
    );
    check(
        "MAX_CONNECTIONS",
        "0",
        "must be a whole number from 1 to 100000, not '0'",
    );
    check(
        "REQUEST_TOTAL_TIMEOUT",
        "700000",
        "must be whole seconds from 1 to 604800, not '700000'",
    );
    check("DB_ECHO", "maybe", "must be true or false, not 'maybe'");
    check(
        "DB_POOL_SIZE",
        "0",
        "must be a whole number from 1 to 1000, not '0'",
    );
    check(
        "DB_POOL_TIMEOUT",
        "0.5",
        "must be whole seconds from 1 upwards, not '0.5'",
    );
    check(
        "HF_TOKEN",
        "hf_a b",
        "must be 'hf_' and letters or digits, without spaces",
    );
    check(
        "DEFAULT_LANG",
        "English",
        "must be the code of a language such as 'en', not 'English'; did you mean 'en'?",
    );
    check(
        "DEFAULT_LANG",
        "auto",
        "must be the code of a language such as 'en', not 'auto'",
    );
    check(
        "DEVICE",
        "cuda",
        "cannot be cuda: this build of scriven has no support for graphics cards",
    );
    check("DEVICE", "CPU", "must be cpu, not 'CPU'");
    check(
        "COMPUTE_TYPE",
        "int4",
        "must be one of float16, float32, int8, not 'int4'",
    );
    check(
        "LOG_LEVEL",
        "LOUD",
        "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'LOUD'",
    );
    check("LOG_FORMAT", "JSON", "must be text or json, not 'JSON'");
    check(
        "CALLBACK_TIMEOUT",
        "0",
        "must be whole seconds from 1 upwards, not '0'",
    );
    check(
        "CALLBACK_TIMEOUT",
        "2.5",
        "must be whole seconds from 1 upwards, not '2.5'",
    );
    check(
        "CALLBACK_MAX_RETRIES",
        "-1",
        "must be a whole number from 0 to 100, not '-1'",
    );
    check(
        "CALLBACK_SIGNING_SECRET",
        "marker",
        "must be 'whsec_' and 24 to 64 bytes in base64",
    );
    check(
        "SSRF_ALLOWED_SCHEMES",
        "https",
        "must be a JSON list of schemes such as [\"https\"], not 'https'",
    );
    check(
        "SSRF_ALLOWED_SCHEMES",
        "[\"ftp\"]",
        "holds 'ftp', which is neither http nor https",
    );
    check(
        "SSRF_BLOCKED_NETWORKS",
        "[\"10.0.0.0/33\", \"x\", \"::/0\"]",
        "holds '10.0.0.0/33', which is no network such as 10.0.0.0/8; holds 'x', which is no network such as 10.0.0.0/8",
    );
    check(
        "SSRF_ALLOWED_HOSTS",
        "[\"a:1\"]",
        "holds 'a:1', which is no host: give its name only, without scheme and port",
    );
    check(
        "AUDIO_EXTENSIONS",
        ".flac",
        "must be a JSON list of endings such as [\".mp3\", \".wav\"], not '.flac'",
    );
    check(
        "AUDIO_EXTENSIONS",
        "[1]",
        "must be a JSON list of endings such as [\".mp3\", \".wav\"], not '[1]'",
    );
    check(
        "VIDEO_EXTENSIONS",
        "[\"MP4\"]",
        "holds 'MP4', which is no ending in lower case with a dot before it, such as .mp3",
    );
    check("FFMPEG_BINARY", "", "is empty");
    check(
        "MAX_QUEUE_SIZE",
        "0",
        "must be a whole number from 1 upwards, not '0'",
    );
    check(
        "MAX_QUEUE_AUDIO_SECONDS",
        "60",
        "must be at least MAX_AUDIO_SECONDS, which is 43200, not 60",
    );
    check(
        "MAX_CONCURRENT_GPU_TASKS",
        "0",
        "must be a whole number from 1 to 1000, not '0'",
    );
    check(
        "LEASE_SECONDS",
        "1",
        "must be whole seconds from 3 to 86400, not '1'",
    );
    check("ENGINE", "fake", "must be speech or scripted, not 'fake'");
    check(
        "PRELOAD_MODELS",
        "base",
        "must be a JSON list of models such as [\"base\"], not 'base'",
    );
    check("THREADS", "\u{fffd}", "must be valid UTF-8");
    for (variable, value, part) in [
        (
            "DB_URL",
            "mysql://ann:marker@host/db",
            "DB_URL cannot be used: ",
        ),
        (
            "WHISPER_MODEL",
            "basee",
            "WHISPER_MODEL cannot be used: there is no model named 'basee'; did you mean 'base'?",
        ),
        ("PRELOAD_MODELS", "[\"basee\"]", "did you mean 'base'?"),
        ("WHISPER_MODEL", "base@", "'' is no revision"),
        ("WHISPER_MODEL", "owner/name@v1", "there is no model named"),
        ("PRELOAD_MODELS", "[\"base@a b\"]", "'a b' is no revision"),
        (
            "MODEL_REVISIONS",
            "[\"base\"]",
            "MODEL_REVISIONS holds 'base', which names no revision: write base@revision",
        ),
        (
            "DIARIZE_MODEL",
            "nobody",
            "DIARIZE_MODEL cannot be used: there is no diarization model",
        ),
    ] {
        let told = mistakes(&environment(&[(variable, value)]));
        assert!(told.contains(part) && !told.contains("marker"), "{told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_each_by_its_own_name() {
    let sources = Sources {
        environment: environment(&[("port", "x"), ("whisper__device", "cuda"), ("LOG_LEVEL", "x")]).environment,
        dot_env: Some("MAX_ATTEMPTS=0\nnonsense here\ndatabase={\"DB_ECHO\": 2}\ncallback=10\n".to_owned()),
        file: Some((
            PathBuf::from("scriven.toml"),
            "port = 1\n[tasks]\nlease_seconds = 0\nleese = 1\n[servr]\nhost = \"x\"\n[limits]\nlog_level = \"INFO\"\n".to_owned(),
        )),
    };
    insta::assert_snapshot!(mistakes(&sources), @"
    .env, line 2, must be NAME=value of at most 128 KB
    callback in .env must be a JSON object with settings of this group
    port must be a whole number from 0 to 65535, not 'x'
    DB_ECHO of database in .env must be true or false, not '2'
    whisper__device cannot be cuda: this build of scriven has no support for graphics cards
    LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'x'
    MAX_ATTEMPTS in .env must be a whole number from 1 to 100, not '0'
    tasks.lease_seconds in scriven.toml must be whole seconds from 3 to 86400, not '0'
    limits.log_level in scriven.toml is no setting; did you mean logging.log_level?
    port in scriven.toml is no setting; did you mean server.port?
    servr.host in scriven.toml is no setting; did you mean server.host?
    tasks.leese in scriven.toml is no setting; did you mean tasks.lease_seconds?
    ");
}

#[test]
fn a_mistake_hides_no_other_in_its_section() {
    let told = mistakes(&environment(&[
        ("DEVICE", "cuda"),
        ("HF_TOKEN", "a b"),
        ("PORT", "x"),
        ("HOST", ""),
        ("THREADS", "x"),
        ("ENGINE", "scripted"),
        ("MAX_QUEUE_SIZE", "0"),
        ("MAX_QUEUE_AUDIO_SECONDS", "1"),
        ("CALLBACK_TIMEOUT", "0"),
        ("CALLBACK_SIGNING_SECRET", "x"),
    ]));
    assert_eq!(told.lines().count(), 10, "{told}");
}

#[test]
fn the_stronger_source_wins() {
    let mut sources = file("[server]\nport = 1\nHOST = \"file\"\n[tasks]\nmax_attempts = 7\n");
    sources.dot_env = Some("PORT=2\nPORT=3\nHOST=dotenv\n".to_owned());
    sources.environment = environment(&[("PORT", "4")]).environment;
    let config = Config::read(&sources).unwrap();
    assert_shows(&config, "port = 4  # PORT");
    assert_shows(&config, "host = \"dotenv\"  # HOST in .env");
    assert_shows(
        &config,
        "max_attempts = 7  # tasks.max_attempts in scriven.toml",
    );
    assert_shows(&config, "lease_seconds = 60  # default");
}

#[test]
fn nested_names_win_over_groups_and_those_over_flat_names() {
    let flat = ("callback_timeout", "1");
    let group = (
        "callback",
        r#"{"CALLBACK_TIMEOUT": 2, "callback_max_retries": "5", "DEV": null}"#,
    );
    let nested = ("Callback__callback_timeout", "3");
    assert_shows(&config(&[flat]), "callback_timeout = 1  # callback_timeout");
    assert_shows(
        &config(&[flat, group]),
        "callback_timeout = 2  # CALLBACK_TIMEOUT of callback",
    );
    let all = config(&[flat, group, nested]);
    assert_shows(&all, "callback_timeout = 3  # Callback__callback_timeout");
    assert_shows(
        &all,
        "callback_max_retries = 5  # callback_max_retries of callback",
    );
    // The exact name wins over another spelling.
    assert_shows(&config(&[("PORT", "1"), ("port", "2")]), "port = 1  # PORT");
}

#[test]
fn groups_of_the_reference_hold_what_they_held_there() {
    let config = config(&[
        ("whisper__AUDIO_EXTENSIONS", "[\".flac\"]"),
        ("whisper__HF_TOKEN", TOKEN),
        ("DATABASE", "{\"DB_URL\": \"sqlite:///x.db\"}"),
    ]);
    let audio: Vec<_> = (config.files.audio_extensions.iter())
        .map(ToString::to_string)
        .collect();
    assert_eq!(audio, [".flac"]);
    assert_eq!(
        config.whisper.hf_token.as_ref().unwrap().expose_secret(),
        TOKEN
    );
    assert_eq!(config.media_dir(), Path::new("x.db-media"));
}

#[test]
fn three_names_are_read_as_they_are_written_only() {
    let config = config(&[
        ("environment", "testing"),
        ("dev", "x"),
        ("max_concurrent_gpu_tasks", "x"),
    ]);
    assert!(config.logging.environment.is_production());
}

#[test]
fn unknown_variables_are_ignored() {
    config(&[
        ("PORTS", "x"),
        ("DATABASE", "x"),
        ("server__NAME", "x"),
        ("SERVER_PORT", "x"),
        ("TASKS", "many"),
    ]);
}

#[test]
fn secrets_are_shown_nowhere() {
    let variables = [
        ("HF_TOKEN", TOKEN),
        ("CALLBACK_SIGNING_SECRET", SIGNING),
        ("callback", "{\"CALLBACK_SIGNING_SECRET\": \"whsec_marker"),
    ];
    let good = config(&variables[..2]);
    let bad = [
        mistakes(&environment(&variables)),
        mistakes(&environment(&[
            ("HF_TOKEN", "Marker Token"),
            ("CALLBACK_SIGNING_SECRET", "whsec_Marker"),
        ])),
        mistakes(&environment(&[("DB_URL", "postgres://ann:Marker@host/db")])),
        mistakes(&file("[whisper]\nhf_token = \"hf_Marker\nx")),
        mistakes(&file("[whisper]\nhf_token = hf_Marker\n")),
        mistakes(&file(
            "[whisper]\nhf_token = [\"hf_Marker\", \"Marker\"]\nhf_tokn = \"Marker\"",
        )),
        mistakes(&Sources {
            dot_env: Some("HF_TOKEN=\"hf_Marker\" x\n".to_owned()),
            ..Sources::default()
        }),
    ];
    let all = [good.to_toml(), format!("{good:?}"), good.notes.join("\n")];
    for text in all.iter().chain(&bad) {
        for secret in [TOKEN, SIGNING, "arker"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let secrets: Vec<_> = good
        .secrets()
        .iter()
        .map(|secret| secret.expose_secret().to_owned())
        .collect();
    assert!(secrets.contains(&TOKEN.to_owned()) && secrets.contains(&SIGNING.to_owned()));
}

#[test]
fn x15_half_precision_is_computed_as_int8_and_said_so() {
    let config = config(&[("COMPUTE_TYPE", "float16"), ("HF_TOKEN", "my-token")]);
    assert_shows(&config, "compute_type = \"int8\"  # COMPUTE_TYPE");
    insta::assert_snapshot!(config.notes.join("\n"), @"
    COMPUTE_TYPE float16 is computed as int8 on a processor
    HF_TOKEN does not look like a token, which is 'hf_' and letters or digits
    ");
}

#[test]
fn x7_requests_get_the_defaults_that_are_set() {
    let config = config(&[
        ("WHISPER_MODEL", "base"),
        ("DEFAULT_LANG", "fr"),
        ("COMPUTE_TYPE", "float32"),
    ]);
    let whisper = &config.whisper;
    let name = whisper.model.as_ref().map(|model| model.name.as_str());
    let compute_type = whisper.compute_type.as_str();
    assert_eq!(
        (name, whisper.language.code(), compute_type),
        (Some("base"), "fr", "float32")
    );
}

#[test]
fn a_process_ends_on_purpose_only_where_results_are_made_up() {
    let told = mistakes(&environment(&[("FAILPOINT", "stored:1")]));
    assert_eq!(
        told,
        "FAILPOINT ends the process on purpose, so it needs ENGINE=scripted"
    );
    let variables = [
        ("ENVIRONMENT", "testing"),
        ("ENGINE", "scripted"),
        ("FAILPOINT", "nowhere:1"),
    ];
    let told = mistakes(&environment(&variables));
    assert!(told.starts_with("FAILPOINT cannot be used"), "{told}");
}

#[test]
fn made_up_results_need_more_than_one_setting() {
    let told = mistakes(&environment(&[("ENGINE", "scripted")]));
    assert!(
        told.starts_with("ENGINE cannot be scripted where ENVIRONMENT is production"),
        "{told}"
    );
    let production = [("ENGINE", "scripted"), ("ALLOW_SCRIPTED_ENGINE", "true")];
    assert!(config(&production).engine.is_scripted());
    assert!(
        config(&[("ENGINE", "scripted"), ("ENVIRONMENT", "testing")])
            .engine
            .is_scripted()
    );
}

#[test]
fn the_environment_decides_how_logs_look() {
    let check = |environment: &str, level: &str, format: &str| {
        let config = config(&[("ENVIRONMENT", environment)]);
        assert_shows(&config, &format!("log_level = \"{level}\"  # default"));
        assert_shows(&config, &format!("log_format = \"{format}\"  # default"));
    };
    check("development", "DEBUG", "text");
    check("TESTING", "INFO", "text");
    check("", "INFO", "json");
    check("staging", "INFO", "json");
}

#[test]
fn recordings_lie_where_they_live_as_long_as_their_tasks() {
    let media = |variables: &[(&str, &str)]| config(variables).media_dir().to_owned();
    assert_eq!(media(&[]), Path::new("records.db-media"));
    assert_eq!(
        media(&[("DB_URL", "sqlite:////data/a.db")]),
        Path::new("/data/a.db-media")
    );
    assert_eq!(
        media(&[("TEMP_DIR", "/fast")]),
        Path::new("/fast/scriven-media")
    );
    let user = rustix::process::getuid().as_raw();
    let memory = [("DB_URL", "sqlite://"), ("PORT", "81"), ("TMPDIR", "/t")];
    assert_eq!(media(&memory), Path::new(&format!("/t/scriven-{user}-81")));
}

#[test]
fn the_longest_recording_always_fits_into_the_queue() {
    let long = config(&[("MAX_AUDIO_SECONDS", "500000")]);
    assert!((long.limits.queue_limits().audio_seconds - 500_000.0).abs() < 0.1);
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let variables: Vec<_> = OTHER_VALUES
        .iter()
        .map(|(variable, value, _)| (*variable, *value))
        .filter(|(variable, _)| !["HF_TOKEN", "CALLBACK_SIGNING_SECRET"].contains(variable))
        .collect();
    let from_environment = config(&variables);
    let from_file = Config::read(&file(&from_environment.to_toml())).unwrap();
    assert_eq!(from_file.shown(), from_environment.shown());
}

#[test]
fn models_are_searched_where_variables_say() {
    let mut sources = environment(&[("MODEL_DIR", "/models"), ("HF_TOKEN", TOKEN)]);
    sources.dot_env = Some("HF_HUB_OFFLINE=1\nXDG_CACHE_HOME=/cache\nTHREADS=\"2\"\n".to_owned());
    let config = Config::read(&sources).unwrap();
    let request = config.model_request();
    assert_eq!(
        request.places.model_dir.as_deref(),
        Some(Path::new("/models"))
    );
    assert_eq!(
        request.places.cache.as_deref(),
        Some(Path::new("/cache/scriven"))
    );
    assert_eq!(request.hub.token.as_deref(), Some(TOKEN));
    assert!(request.hub.offline);
}

#[test]
fn dp4_revisions_of_models_come_from_all_settings_that_name_them() {
    let config = config(&[
        ("WHISPER_MODEL", "small@v1"),
        ("PRELOAD_MODELS", r#"["small", "base@v2"]"#),
        ("MODEL_REVISIONS", r#"["owner/name@v3", "small@v1"]"#),
    ]);
    let mut wanted = config.model_request().places.revisions.clone();
    for (model, other) in [
        ("small@v1", "small@v9"),
        ("base@v2", "base@v9"),
        ("owner/name@v3", "owner/name@v9"),
    ] {
        wanted.want(&model.parse().unwrap()).unwrap();
        wanted.want(&other.parse().unwrap()).unwrap_err();
    }
    let told = mistakes(&environment(&[
        ("WHISPER_MODEL", "small@v1"),
        ("PRELOAD_MODELS", r#"["small@v2"]"#),
    ]));
    assert_eq!(
        told,
        "PRELOAD_MODELS cannot be used: 'small' is wanted at two revisions, 'v1' and 'v2'"
    );
}

#[test]
fn settings_of_other_rooms_follow() {
    let config = config(&[
        ("DB_POOL_SIZE", "4"),
        ("MAX_UPLOAD_BYTES", "5"),
        ("FFMPEG_TIMEOUT", "6"),
        ("CALLBACK_TIMEOUT", "7"),
        ("SSRF_PROTECTION_ENABLED", "false"),
        ("SSRF_ALLOWED_HOSTS", "[\"a\"]"),
        ("TASK_TIMEOUT_SECONDS", "8"),
    ]);
    assert_eq!(config.database.store_settings().n_readers, 4);
    assert_eq!(config.limits.download_limits().max_bytes, 5);
    assert_eq!(config.audio_settings().time_limit.as_secs(), 6);
    let outbound = config.outbound_settings();
    assert_eq!(outbound.callback_timeout.as_secs(), 7);
    assert!(!outbound.policy.enabled && outbound.policy.allowed_hosts == ["a"]);
    assert_eq!(config.tasks.time_limit().unwrap().as_secs(), 8);
    assert_eq!(Config::for_testing().tasks.time_limit(), None);
    assert_eq!(
        (config.server.threads(1), config.server.threads(64)),
        (2, 8)
    );
}

#[test]
fn what_is_not_public_is_the_same_in_the_settings_and_where_it_is_checked() {
    let policy = config(&[]).outbound_settings().policy;
    let default = outbound::Policy::default();
    assert_eq!(policy.blocked_networks, default.blocked_networks);
    assert!(policy.enabled && policy.allowed_hosts.is_empty());
}

#[test]
fn http_is_called_in_production_only_where_somebody_says_so() {
    let policy = |variables: &[(&str, &str)]| {
        let policy = config(variables).outbound_settings().policy;
        (policy.allowed_schemes, policy.http_to_allowed_hosts)
    };
    let https = vec!["https".to_owned()];
    let both = vec!["http".to_owned(), "https".to_owned()];
    let (production, testing) = (("ENVIRONMENT", "Production"), ("ENVIRONMENT", "testing"));
    assert_eq!(policy(&[]), (https.clone(), true));
    assert_eq!(policy(&[production]), (https.clone(), true));
    assert_eq!(policy(&[testing]), (both.clone(), true));
    let listed = ("SSRF_ALLOWED_SCHEMES", r#"["https"]"#);
    assert_eq!(policy(&[production, listed]), (https, false));
    let listed = ("SSRF_ALLOWED_SCHEMES", r#"["http", "https"]"#);
    assert_eq!(policy(&[production, listed]), (both, false));
}

#[test]
fn the_documentation_lists_every_setting() {
    let text = config(&[]).to_markdown();
    for (variable, ..) in OTHER_VALUES {
        assert!(text.contains(&format!("| `{variable}` |")), "{variable}");
    }
    let start: String = text.lines().take(7).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(start, @"
    ### `server`

    | Variable | Value | Default | Meaning |
    | --- | --- | --- | --- |
    | `HOST` | a text | `0.0.0.0` | Address that is listened on, or its name; `0.0.0.0` is every IPv4 network, `::` every network. |
    | `PORT` | a whole number from 0 to 65535 | `8000` | Port; 0 takes a free one. |
    | `SERVER_THREADS` | a whole number from 0 to 256 | `0` | Threads that answer requests; 0 takes one for each core, at least 2 and at most 8. Recordings are computed elsewhere. |
    ");
}

#[test]
fn settings_that_promise_protection_are_never_passed_over() {
    for (name, value) in [
        ("AUTH__ENABLED", "true"),
        ("auth__enabled", "1"),
        ("AUTH__ENABLE", "true"), // misspelt
        ("AUTH__ENABLE", "false"),
        ("AUTH__BEARER_TOKEN", "secret"),
        ("AUTH_ENABLED", "true"),
        ("RATE_LIMIT__ENABLED", "yes"),
        ("RATE_LIMIT__BURST", "10"),
        ("RATE_LIMIT__WINDOW", "10"), // of a later version
        ("MAX_UPLOAD_SIZE_MB", "200"),
        ("MAX_QUEUED_GPU_REQUESTS", "4"),
        ("SSRF_ALLOWED_HOST", r#"["a"]"#),
        ("SSRF__PROTECTION", "true"),
    ] {
        let told = mistakes(&environment(&[(name, value)]));
        assert!(told.starts_with(name), "{told}");
        assert!(!told.contains("secret"), "{told}");
        let dot_env = Sources {
            dot_env: Some(format!("{name}={value}\n")),
            ..Sources::default()
        };
        assert!(mistakes(&dot_env).starts_with(&format!("{name} in .env ")));
    }
    let told = mistakes(&environment(&[("SSRF_ALLOWED_HOST", "[]")]));
    assert_eq!(
        told,
        "SSRF_ALLOWED_HOST is no setting; did you mean SSRF_ALLOWED_HOSTS?"
    );
    let told = mistakes(&environment(&[("MAX_UPLOAD_SIZE_MB", "200")]));
    assert!(told.contains("MAX_UPLOAD_BYTES"), "{told}");
}

#[test]
fn settings_that_ask_for_no_protection_are_passed_over() {
    config(&[
        ("AUTH__ENABLED", "false"),
        ("AUTH__BEARER_TOKEN", "secret"),
        ("RATE_LIMIT__ENABLED", "0"),
        ("RATE_LIMIT__BURST", "10"),
        ("RATE_LIMIT__KEY_STRATEGY", "ip"),
        ("MAX_UPLOAD_SIZE_MB", "0"),
        ("MAX_QUEUED_GPU_REQUESTS", "0"),
        // Those of other programs.
        ("AUTH_TOKEN", "x"),
        ("RATE_LIMIT_OF_MY_PROXY", "5"),
        ("SSH_AUTH_SOCK", "/run/agent"),
    ]);
}

#[test]
fn misspelt_names_are_told_with_the_right_one() {
    let read = |dot_env: &str| {
        let sources = Sources {
            dot_env: Some(dot_env.to_owned()),
            ..environment(&[
                ("HOSTNAME", "here"),
                ("LOGNAME", "ann"),
                ("CALBACK_TIMEOUT", "1"),
            ])
        };
        Config::read(&sources).unwrap().notes
    };
    let notes = read(
        "WHISPER_MODLE=base\nwhisper__DEFAULT_LANGUAGE=de\nDEFAULT_LNAG=de\nCOMPOSE_PROJECT_NAME=x\nPORT=1\n",
    );
    for note in [
        "CALBACK_TIMEOUT is no setting; did you mean CALLBACK_TIMEOUT?",
        "WHISPER_MODLE in .env is no setting; did you mean WHISPER_MODEL?",
        "DEFAULT_LNAG in .env is no setting; did you mean DEFAULT_LANG?",
    ] {
        assert!(notes.iter().any(|told| told == note), "{note}: {notes:?}");
    }
    assert!(
        !notes
            .iter()
            .any(|note| note.contains("COMPOSE") || note.contains("HOSTNAME")),
        "{notes:?}"
    );
}
