//! How callbacks are delivered.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use standardwebhooks::Webhook;

use super::reader::Reader;
use super::setting::section;

section! {
    /// How callbacks are delivered.
    Callback in &["callback"];

    /// Seconds that a probe of a callback, and each attempt to deliver to it, may take.
    CALLBACK_TIMEOUT => timeout: Duration = Given("10"), from 1;
    /// Attempts to deliver a callback; 0 never sends it.
    CALLBACK_MAX_RETRIES => max_retries: u32 = Given("3"), from 0 to 100;
    /// Secret that signs callbacks by the Standard Webhooks scheme: `whsec_` and 24 to 64 bytes in base64.
    CALLBACK_SIGNING_SECRET => signing_secret: Option<SecretString> = Unset("callbacks are not signed");
}

impl Callback {
    /// Refuses a secret that cannot sign.
    pub(super) fn check(self, reader: &mut Reader) -> Option<Self> {
        if let Some(secret) = &self.signing_secret
            && !can_sign(secret.expose_secret())
        {
            let reason = "must be 'whsec_' and 24 to 64 bytes in base64";
            reader.refuse("CALLBACK_SIGNING_SECRET", reason.to_owned());
            return None;
        }
        Some(self)
    }
}

fn can_sign(secret: &str) -> bool {
    /// Lengths of 24 and of 64 bytes in base64.
    const LENGTHS: std::ops::RangeInclusive<usize> = 32..=88;
    secret
        .strip_prefix("whsec_")
        .is_some_and(|key| LENGTHS.contains(&key.len()) && Webhook::new(secret).is_ok())
}
