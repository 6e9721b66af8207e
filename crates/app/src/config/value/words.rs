//! Settings that take one word out of a list.

/// Makes an enum of [`words!`](domain::words::words) a value, written exactly as its words are.
macro_rules! one_of {
    ($type:ty, $kind:literal) => {
        impl $crate::config::value::Value for $type {
            const KIND: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, $crate::config::value::Wrong> {
                text.parse().map_err(|_| $crate::config::value::Wrong::Kind)
            }

            fn show(&self) -> Option<String> {
                Some($crate::config::value::quoted(self.as_str()))
            }
        }
    };
}
pub(crate) use one_of;
