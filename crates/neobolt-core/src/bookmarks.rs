//! Bookmarks: how one transaction is made to see the effects of another.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Holds a set of bookmarks, in the order of their text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks(BTreeSet<Arc<str>>);

impl Bookmarks {
    /// Makes an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the bookmarks of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Iterates over the bookmarks as the server wrote them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|bookmark| &**bookmark)
    }

    /// Returns the number of bookmarks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no bookmark.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<B: Into<Arc<str>>> FromIterator<B> for Bookmarks {
    fn from_iter<I: IntoIterator<Item = B>>(bookmarks: I) -> Self {
        Self(bookmarks.into_iter().map(Into::into).collect())
    }
}

/// Shares bookmarks between sessions, so that each sees what the others wrote.
///
/// A clone is a handle on the same set. Safe to use from many threads at once.
#[derive(Clone, Debug, Default)]
pub struct BookmarkManager {
    current: Arc<Mutex<Bookmarks>>,
}

impl BookmarkManager {
    /// Makes a manager that knows these bookmarks.
    #[must_use]
    pub fn new(initial: Bookmarks) -> Self {
        Self { current: Arc::new(Mutex::new(initial)) }
    }

    /// Returns the bookmarks that a transaction beginning now has to wait for.
    #[must_use]
    pub fn get(&self) -> Bookmarks {
        self.lock().clone()
    }

    /// Replaces the bookmarks that a transaction began with by those it ended with.
    ///
    /// Does nothing when it ended without one: then what it began with is still the latest known.
    pub fn update(&self, previous: &Bookmarks, new: &Bookmarks) {
        if new.is_empty() {
            return;
        }
        let mut current = self.lock();
        current.0.retain(|bookmark| !previous.0.contains(bookmark));
        current.0.extend(new.0.iter().cloned());
    }

    fn lock(&self) -> MutexGuard<'_, Bookmarks> {
        // A panic under the lock leaves at worst too few bookmarks removed or added, never a broken set.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(bookmarks: &[&str]) -> Bookmarks {
        bookmarks.iter().copied().collect()
    }

    #[test]
    fn a_set_is_sorted_and_without_duplicates() {
        let both = set(&["b", "a", "b"]).union(&set(&["c", "a"]));
        assert_eq!(both.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(both.len(), 3);
        assert!(Bookmarks::new().is_empty());
    }

    #[test]
    fn update_replaces_what_the_transaction_waited_for() {
        let manager = BookmarkManager::new(set(&["a", "b"]));
        let other = manager.clone();
        other.update(&set(&["a"]), &set(&["c"]));
        assert_eq!(manager.get(), set(&["b", "c"]));
        manager.update(&set(&["b", "c"]), &Bookmarks::new());
        assert_eq!(manager.get(), set(&["b", "c"]));
    }
}
