//! Numbers and truth values, read as the reference reads them (contract 1.2.2).

use std::time::Duration;

use super::{Value, Wrong};

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl Value for $type {
            const KIND: &'static str = "a whole number";

            fn parse(text: &str) -> Result<Self, Wrong> {
                whole_number(text, u64::from(Self::MAX).min(LARGEST))
                    .and_then(|number| Self::try_from(number).map_err(|_| Wrong::Kind))
            }

            fn show(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn magnitude(&self) -> Option<u64> {
                Some(u64::from(*self))
            }
        }
    )+};
}
whole_numbers!(u16, u32, u64);

impl Value for Duration {
    const KIND: &'static str = "whole seconds";

    fn parse(text: &str) -> Result<Self, Wrong> {
        whole_number(text, LONGEST_SECONDS).map(Self::from_secs)
    }

    fn show(&self) -> Option<String> {
        Some(self.as_secs().to_string())
    }

    fn magnitude(&self) -> Option<u64> {
        Some(self.as_secs())
    }
}

impl Value for bool {
    const KIND: &'static str = "true or false";

    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" | "t" => Ok(true),
            "false" | "0" | "no" | "n" | "off" | "f" => Ok(false),
            _ => Err(Wrong::Kind),
        }
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// The largest number that files and databases can hold.
const LARGEST: u64 = i64::MAX as u64;

/// Thirty years: more would overflow clocks.
const LONGEST_SECONDS: u64 = 1_000_000_000;

/// Reads `5`, `+5`, ` 5 `, `5.0` and `1_000`.
fn whole_number(text: &str, highest: u64) -> Result<u64, Wrong> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_grouped = !whole.contains("__") && !whole.starts_with('_') && !whole.ends_with('_');
    let digits = whole.replace('_', "");
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_grouped || !are_digits(&digits) || !fraction.bytes().all(|b| b == b'0') {
        return Err(Wrong::Kind);
    }
    match digits.parse::<u64>() {
        Ok(number) if number <= highest => Ok(number),
        _ => Err(Wrong::Because(format!("must be at most {highest}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_the_reference_reads_them() {
        for text in ["1000", "+1000", " 1000 ", "1000.0", "1_000", "01000"] {
            assert_eq!(u32::parse(text), Ok(1000), "{text}");
        }
        for text in [
            "", " ", "1.5", "1e1", "0x10", "abc", "true", "-1", "_1", "1_", "1__0", "++1", ".0",
        ] {
            assert_eq!(u32::parse(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn a_number_that_no_type_holds_names_the_limit() {
        fn too_large<T>(highest: u64) -> Result<T, Wrong> {
            Err(Wrong::Because(format!("must be at most {highest}")))
        }
        assert_eq!(u16::parse("65536"), too_large(65535));
        assert_eq!(u64::parse("99999999999999999999"), too_large(LARGEST));
        assert_eq!(Duration::parse("9999999999"), too_large(LONGEST_SECONDS));
    }

    #[test]
    fn truth_has_many_spellings() {
        for text in ["true", "1", "YES", "y", "On", "t"] {
            assert_eq!(bool::parse(text), Ok(true), "{text}");
        }
        for text in ["FALSE", "0", "no", "N", "off", "f"] {
            assert_eq!(bool::parse(text), Ok(false), "{text}");
        }
        for text in ["", "null", "none", "2", "maybe", " true"] {
            assert_eq!(bool::parse(text), Err(Wrong::Kind), "{text}");
        }
    }
}
