//! What the tests of several modules share.

use std::time::Duration;

use domain::language::Language;
use domain::request::{Device, RequestedCompute};
use outbound::DownloadLimits;
use store::QueueLimits;

use crate::state::{ApiSettings, ModelDefaults};

/// Settings as they are without any variable.
pub(crate) fn settings() -> ApiSettings {
    let extensions = |extensions: &[&str]| extensions.iter().map(ToString::to_string).collect();
    ApiSettings {
        defaults: ModelDefaults {
            language: Language::ENGLISH,
            model: "tiny".parse().unwrap(),
            device: Device::Cpu,
            compute_type: RequestedCompute::Int8,
        },
        audio_extensions: extensions(&[".wav", ".mp3"]),
        video_extensions: extensions(&[".mp4", ".avi"]),
        max_upload_bytes: 1024 * 1024,
        max_json_bytes: 64 * 1024,
        download: DownloadLimits {
            max_bytes: 1024 * 1024,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(10),
        },
        queue: QueueLimits {
            n_tasks: 10,
            audio_seconds: 1e9,
        },
        max_concurrent_gpu_tasks: 1,
        max_concurrent_probes: 2,
        body_read_timeout: Duration::from_secs(30),
        body_total_timeout: Duration::from_mins(5),
        has_gpu: false,
        version: "0.1.0".into(),
    }
}
