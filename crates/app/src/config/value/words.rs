//! Settings that take one word out of a list.

/// Makes an enum a value: its words are those of `$all`, exactly as they are written there.
macro_rules! one_of {
    ($type:ty, $kind:literal, $all:expr) => {
        impl $crate::config::value::Value for $type {
            const KIND: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, $crate::config::value::Wrong> {
                let mut all = $all.into_iter();
                all.find(|word| word.to_string() == text)
                    .ok_or($crate::config::value::Wrong::Kind)
            }

            fn show(&self) -> Option<String> {
                Some($crate::config::value::quoted(&self.to_string()))
            }
        }
    };
}
pub(crate) use one_of;
