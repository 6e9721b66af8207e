//! Values of flags, read with messages that say what would be right.

use super::args::{Threshold, TokenIds};
pub(super) use crate::cli::whole_number;

pub(super) fn number(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number: &f32| number.is_finite());
    number.ok_or_else(|| "it must be a number".to_owned())
}

pub(super) fn threshold(text: &str) -> Result<Threshold, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Threshold(None));
    }
    match number(text) {
        Ok(number) => Ok(Threshold(Some(number))),
        Err(_) => Err("it must be a number, or 'none'".to_owned()),
    }
}

pub(super) fn token_ids(text: &str) -> Result<TokenIds, String> {
    text.split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| {
            id.parse().map_err(|_| {
                format!("'{id}' is no token id; give whole numbers with commas between")
            })
        })
        .collect::<Result<_, _>>()
        .map(TokenIds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_thresholds_can_be_off() {
        assert_eq!(number("-1.5"), Ok(-1.5));
        assert!(number("nan").is_err() && number("inf").is_err() && number("").is_err());
        assert_eq!(threshold("None"), Ok(Threshold(None)));
        assert_eq!(threshold("2.4"), Ok(Threshold(Some(2.4))));
        assert!(threshold("inf").is_err());
    }

    #[test]
    fn token_ids_stand_between_commas() {
        assert_eq!(token_ids("-1, 50257"), Ok(TokenIds(vec![-1, 50257])));
        assert_eq!(token_ids(""), Ok(TokenIds(vec![])));
        assert_eq!(
            token_ids("1,x"),
            Err("'x' is no token id; give whole numbers with commas between".to_owned())
        );
    }
}
