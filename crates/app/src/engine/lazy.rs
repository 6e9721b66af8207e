//! Something that is loaded once, when it is first needed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::exit::Failure;

/// Perhaps loaded already.
#[derive(Debug)]
pub(super) struct Lazy<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Lazy<T> {
    /// It, by `load` unless that was done; a failure is tried anew the next time.
    pub(super) fn get(&self, load: impl FnOnce() -> Result<T, Failure>) -> Result<Arc<T>, Failure> {
        self.get_if(|_| true, load)
    }

    /// It, by `load` unless what was loaded before will do. Never two are held at a time.
    pub(super) fn get_if(
        &self,
        will_do: impl FnOnce(&T) -> bool,
        load: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<Arc<T>, Failure> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*slot
            && will_do(loaded)
        {
            return Ok(Arc::clone(loaded));
        }
        *slot = None;
        Ok(Arc::clone(slot.insert(Arc::new(load()?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn what_is_loaded_is_kept_while_it_will_do() {
        let lazy = Lazy::default();
        assert!(lazy.get(|| Err(Failure::new(Exit::Model, "gone"))).is_err());
        assert_eq!(*lazy.get(|| Ok(1)).unwrap(), 1);
        assert_eq!(*lazy.get(|| panic!("loaded twice")).unwrap(), 1);
        assert_eq!(*lazy.get_if(|kept| *kept == 2, || Ok(2)).unwrap(), 2);
    }
}
