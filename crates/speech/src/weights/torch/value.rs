//! What a pickle describes, as far as tensors need it: plain values in one list, which name each other by index.
//!
//! An index instead of a pointer makes deep nesting and cycles harmless: nothing is ever walked or freed recursively.

use std::rc::Rc;

use super::tensor::{Storage, Tensor};

/// The index of a value.
pub(super) type Id = u32;

/// One value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// `None`, truth values, numbers that are not whole, bytes, sets: read over, never looked at.
    Other,
    Int(i64),
    Text(Rc<str>),
    Tuple(Rc<[Id]>),
    List(Vec<Id>),
    /// A `dict` or an `OrderedDict`, in the order of insertion.
    Dict(Vec<(Id, Id)>),
    /// A class or function by name. It is never looked up.
    Global(Rc<Global>),
    /// What some class would have become.
    Object(Rc<Global>),
    Storage(Rc<Storage>),
    Tensor(Rc<Tensor>),
}

/// A name that Python would import.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Global {
    pub(super) module: String,
    pub(super) name: String,
}

/// All values that a pickle made.
#[derive(Debug, Default)]
pub(super) struct Heap {
    values: Vec<Value>,
}

/// More values than this are no checkpoint: a network has a few thousand tensors, each of a dozen values.
const MAX_VALUES: usize = 4_000_000;

impl Heap {
    pub(super) fn add(&mut self, value: Value) -> Result<Id, String> {
        if self.values.len() >= MAX_VALUES {
            return Err(format!("it describes more than {MAX_VALUES} values"));
        }
        self.values.push(value);
        Id::try_from(self.values.len() - 1).map_err(|error| error.to_string())
    }

    pub(super) fn get(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Value {
        &mut self.values[id as usize]
    }

    /// The items of a tuple or list.
    pub(super) fn items(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(items) => Some(items),
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: Id) -> Option<&Rc<str>> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(super) fn size(&self, id: Id) -> Option<usize> {
        match self.get(id) {
            Value::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A tuple or list of such numbers.
    pub(super) fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        self.items(id)?.iter().map(|id| self.size(*id)).collect()
    }

    /// The value under a key of a dictionary; of several the last, as in Python.
    pub(super) fn entry(&self, dict: Id, key: &str) -> Option<Id> {
        let Value::Dict(entries) = self.get(dict) else {
            return None;
        };
        let mut entries = entries.iter().rev();
        let is_key = |id: Id| self.text(id).is_some_and(|text| &**text == key);
        entries.find(|(id, _)| is_key(*id)).map(|(_, value)| *value)
    }
}
