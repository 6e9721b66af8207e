//! Lists, given as JSON arrays of texts.

use super::{Value, Wrong, quoted};

/// Something that a list can hold.
pub(crate) trait Item: Sized {
    /// What the list must be, such as `a JSON list of networks`.
    const LIST: &'static str;

    /// Reads one element; the error says what is wrong with it, and names it.
    fn parse_item(text: &str) -> Result<Self, String>;

    /// How it is written.
    fn write_item(&self) -> String;
}

impl<T: Item> Value for Vec<T> {
    const KIND: &'static str = T::LIST;

    /// Says everything that is wrong with any element.
    fn parse(text: &str) -> Result<Self, Wrong> {
        let texts: Vec<String> = serde_json::from_str(text).map_err(|_| Wrong::Kind)?;
        let (mut items, mut reasons) = (Vec::new(), Vec::new());
        for text in &texts {
            match T::parse_item(text) {
                Ok(item) => items.push(item),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            Ok(items)
        } else {
            Err(Wrong::Because(reasons.join("; ")))
        }
    }

    fn show(&self) -> Option<String> {
        let items: Vec<_> = self.iter().map(|item| quoted(&item.write_item())).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}
