//! Names that no setting has, and what was probably meant: in a file each is a mistake, in `.env` and in the environment
//! one that is nearly the name of a setting is told.

use super::layer::{Entry, Layer};
use super::mistake::Mistake;
use super::reader::Known;

/// A mistake for each key of a file that means no setting.
pub(super) fn find(layers: &[Layer], known: &[Known]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for layer in layers.iter().filter(|layer| layer.is_strict()) {
        for entry in &layer.entries {
            let is_known = known.iter().any(|known| entry.means(&known.setting));
            if !is_known || entry.group.is_none() {
                mistakes.push(Mistake {
                    place: layer.origin(&entry.name).to_string(),
                    reason: reason(entry, known),
                });
            }
        }
    }
    mistakes
}

fn reason(entry: &Entry, known: &[Known]) -> String {
    let names: Vec<String> = known
        .iter()
        .map(|known| format!("{}.{}", known.setting.section(), known.setting.key()))
        .collect();
    // A key that exists elsewhere is more likely than a key of a similar name here.
    let same_key = known
        .iter()
        .position(|known| entry.key.eq_ignore_ascii_case(known.setting.variable));
    let meant = same_key
        .map(|i| &names[i])
        .or_else(|| nearest(&entry.name, &names));
    match meant {
        Some(meant) => format!("is no setting; did you mean {meant}?"),
        None => "is no setting; 'scriven check-config' lists them".to_owned(),
    }
}

/// A note for each variable of `.env` or the environment that means no setting, but whose name is nearly that of one.
pub(super) fn notes(layers: &[Layer], known: &[Known]) -> Vec<String> {
    let mut notes = Vec::new();
    for layer in layers.iter().filter(|layer| !layer.is_strict()) {
        for entry in layer.unknown(known) {
            if let Some(meant) = known.iter().find(|known| is_misspelt(entry, known)) {
                let place = layer.origin(&entry.name);
                let variable = meant.setting.variable;
                notes.push(format!("{place} is no setting; did you mean {variable}?"));
            }
        }
    }
    notes
}

/// Whether at most every fifth character of a name is another than in a variable's, which has at least five.
fn is_misspelt(entry: &Entry, known: &Known) -> bool {
    let asked = entry.key.to_uppercase();
    let n_wrong = strsim::damerau_levenshtein(&asked, known.setting.variable);
    let n_chars = known.setting.variable.len().min(asked.len());
    n_wrong > 0 && n_wrong * 5 <= n_chars
}

pub(super) fn nearest<'a>(asked: &str, names: &'a [String]) -> Option<&'a String> {
    let asked = asked.to_lowercase();
    let likeness = |name: &String| strsim::jaro_winkler(&asked, &name.to_lowercase());
    names
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|name| likeness(name) > ALIKE)
}

/// Jaro-Winkler likeness, in `[0, 1]`, from which a name is worth proposing.
const ALIKE: f64 = 0.85;
