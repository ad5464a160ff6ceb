//! Every limit of the codec, each with its reason.

/// The largest size a string, byte array, list or map may have: 2,147,483,647.
///
/// Sizes have 32 bits on the wire; the specification and every server stop at 31.
pub const MAX_SIZE: usize = i32::MAX as usize;

/// The largest number of fields a structure may have: 15, what the low half of its marker holds.
pub const MAX_FIELDS: usize = 15;

/// Bounds on what a peer may send.
///
/// Declared sizes need no limit here: they are always held against the bytes that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many containers that are not empty may lie inside one another; 128 by default.
    ///
    /// The results of queries nest a handful of levels. Everything that walks a decoded tree by recursion (dropping, printing and
    /// comparing it) takes a few hundred bytes of stack a level, so 128 levels fit into the smallest stacks in use.
    pub depth: usize,
}

impl Limits {
    /// Returns these limits with another depth.
    #[must_use]
    pub const fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128 }
    }
}
