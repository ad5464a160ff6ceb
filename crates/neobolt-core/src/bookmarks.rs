//! Bookmarks: how one transaction is made to see the effects of another.

use std::collections::BTreeSet;
use std::fmt;
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
pub struct BookmarkManager(Arc<Shared>);

type Supplier = Box<dyn Fn() -> Bookmarks + Send + Sync>;
type Consumer = Box<dyn Fn(&Bookmarks) + Send + Sync>;

#[derive(Default)]
struct Shared {
    current: Mutex<Bookmarks>,
    supplier: Option<Supplier>,
    consumer: Option<Consumer>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("current", &self.current).finish_non_exhaustive()
    }
}

/// Configures a [`BookmarkManager`] that shares bookmarks with the world outside the driver.
#[derive(Debug, Default)]
#[must_use = "a manager is made by `build`"]
pub struct BookmarkManagerBuilder(Shared);

impl BookmarkManagerBuilder {
    /// Sets the bookmarks that the manager knows at first: none by default.
    pub fn initial_bookmarks(mut self, bookmarks: Bookmarks) -> Self {
        self.0.current = Mutex::new(bookmarks);
        self
    }

    /// Sets where bookmarks come from that other programs made. It is called whenever a transaction begins, must not wait,
    /// and must not call the driver. What it gives is not stored.
    pub fn bookmarks_supplier(mut self, supplier: impl Fn() -> Bookmarks + Send + Sync + 'static) -> Self {
        self.0.supplier = Some(Box::new(supplier));
        self
    }

    /// Sets who is told the manager's bookmarks whenever they have changed. It must not wait, and must not call the driver.
    pub fn bookmarks_consumer(mut self, consumer: impl Fn(&Bookmarks) + Send + Sync + 'static) -> Self {
        self.0.consumer = Some(Box::new(consumer));
        self
    }

    /// Makes the manager.
    #[must_use]
    pub fn build(self) -> BookmarkManager {
        BookmarkManager(Arc::new(self.0))
    }
}

impl BookmarkManager {
    /// Makes a manager that knows these bookmarks.
    #[must_use]
    pub fn new(initial: Bookmarks) -> Self {
        Self::builder().initial_bookmarks(initial).build()
    }

    /// Begins to configure a manager.
    pub fn builder() -> BookmarkManagerBuilder {
        BookmarkManagerBuilder::default()
    }

    /// Returns the bookmarks that a transaction beginning now has to wait for, those of the supplier among them.
    #[must_use]
    pub fn get(&self) -> Bookmarks {
        let current = self.lock().clone();
        // Called without the lock: it is the user's code.
        self.0.supplier.as_ref().map_or_else(|| current.clone(), |supply| current.union(&supply()))
    }

    /// Replaces the bookmarks that a transaction began with by those it ended with, and tells the consumer.
    ///
    /// Does nothing when it ended without one: then what it began with is still the latest known.
    pub fn update(&self, previous: &Bookmarks, new: &Bookmarks) {
        if new.is_empty() {
            return;
        }
        let mut current = self.lock();
        current.0.retain(|bookmark| !previous.0.contains(bookmark));
        current.0.extend(new.0.iter().cloned());
        let snapshot = current.clone();
        drop(current);
        if let Some(consume) = &self.0.consumer {
            consume(&snapshot);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Bookmarks> {
        // A panic under the lock leaves at worst too few bookmarks removed or added, never a broken set.
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn the_supplier_adds_and_the_consumer_is_told() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let manager = BookmarkManager::builder()
            .initial_bookmarks(set(&["a"]))
            .bookmarks_supplier(|| set(&["s"]))
            .bookmarks_consumer(move |bookmarks| log.lock().unwrap().push(bookmarks.clone()))
            .build();
        let sent = manager.get();
        assert_eq!(sent, set(&["a", "s"]));
        manager.update(&sent, &set(&["b"]));
        manager.update(&sent, &Bookmarks::new());
        assert_eq!(*told.lock().unwrap(), [set(&["b"])]);
        assert_eq!(manager.get(), set(&["b", "s"]), "what was supplied is not stored");
    }
}
