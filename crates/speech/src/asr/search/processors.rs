//! Changes made to the logits of a row before a token is chosen.

/// Makes tokens already used less likely, however often they were used. Above 1 it discourages.
pub(super) fn penalise_repetition(logits: &mut [f32], tokens: &[u32], penalty: f32) {
    for (i, token) in tokens.iter().enumerate() {
        if tokens[..i].contains(token) {
            continue;
        }
        let logit = &mut logits[*token as usize];
        *logit = if *logit < 0.0 {
            *logit * penalty
        } else {
            *logit / penalty
        };
    }
}

/// Forbids every token that would complete a sequence of `size` tokens that is already there.
pub(super) fn forbid_repeated_ngrams(logits: &mut [f32], tokens: &[u32], size: usize) {
    if tokens.len() < size {
        return;
    }
    let (_, current) = tokens.split_at(tokens.len() + 1 - size);
    for ngram in tokens.windows(size) {
        if let Some((last, begin)) = ngram.split_last()
            && begin == current
        {
            logits[*last as usize] = f32::NEG_INFINITY;
        }
    }
}

/// Forbids tokens; ids beyond the vocabulary are passed over.
pub(super) fn forbid(logits: &mut [f32], tokens: &[u32]) {
    for token in tokens {
        if let Some(logit) = logits.get_mut(*token as usize) {
            *logit = f32::NEG_INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens forbidden of eight.
    fn forbidden(change: impl Fn(&mut [f32])) -> Vec<usize> {
        let mut logits = [0.0; 8];
        change(&mut logits);
        (0..8)
            .filter(|token| logits[*token] == f32::NEG_INFINITY)
            .collect()
    }

    #[test]
    fn a_penalty_counts_once_and_lowers_either_sign() {
        let mut logits = [3.0, -3.0, 5.0, 0.0];
        penalise_repetition(&mut logits, &[0, 1, 0, 0, 1], 1.5);
        assert_eq!(format!("{logits:?}"), "[2.0, -4.5, 5.0, 0.0]");
    }

    #[test]
    fn ngrams_are_not_completed_twice() {
        let after = |tokens: &'static [u32], size| {
            forbidden(|logits| forbid_repeated_ngrams(logits, tokens, size))
        };
        assert_eq!(after(&[1, 2, 3, 1, 2], 3), [3]);
        assert_eq!(after(&[1, 2, 3, 1, 2, 4, 1, 2], 3), [3, 4]);
        assert_eq!(after(&[1, 2, 3, 1], 3), [0; 0]);
        assert_eq!(after(&[5, 5], 2), [5]);
        assert_eq!(after(&[1, 2], 1), [1, 2]);
        assert_eq!(after(&[1], 2), [0; 0]);
        assert_eq!(after(&[], 1), [0; 0]);
    }

    #[test]
    fn ids_beyond_the_vocabulary_are_passed_over() {
        assert_eq!(forbidden(|logits| forbid(logits, &[2, 8, 99])), [2]);
    }
}
