//! Every limit of the codec, each with its reason.

/// The largest size a string, byte array, list or map may have: 2,147,483,647.
///
/// Sizes have 32 bits on the wire; the specification and every server stop at 31.
pub const MAX_SIZE: usize = i32::MAX as usize;

/// The largest number of fields a structure may have: 15, what the low half of its marker holds.
pub const MAX_FIELDS: usize = 15;

/// The deepest nesting that can be allowed, and the default: 128.
///
/// The results of queries nest a handful of levels. Everything that walks a decoded tree by recursion (dropping, printing and
/// comparing it) takes a few hundred bytes of stack a level, so 128 levels fit into the smallest stacks in use; and [`Tokens`]
/// remembers that many open containers in half a kibibyte.
///
/// [`Tokens`]: crate::Tokens
pub const MAX_DEPTH: usize = 128;

/// Bounds on what a peer may send. The default allows all that PackStream can express, but for nesting.
///
/// None of them is what keeps memory bounded: whatever decodes into memory holds declared sizes against the bytes that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) depth: usize,
    pub(crate) size: usize,
    pub(crate) total: usize,
}

impl Limits {
    /// The limits that hold where none are given.
    pub const DEFAULT: Self = Self { depth: MAX_DEPTH, size: MAX_SIZE, total: MAX_SIZE };

    /// Returns these limits with another [`depth`](Self::depth).
    ///
    /// # Panics
    ///
    /// If `depth` is above [`MAX_DEPTH`].
    #[must_use]
    pub const fn with_depth(mut self, depth: usize) -> Self {
        assert!(depth <= MAX_DEPTH, "depth is above MAX_DEPTH");
        self.depth = depth;
        self
    }

    /// Returns these limits with another [`size`](Self::size); less than 15 counts as 15.
    ///
    /// # Panics
    ///
    /// If `size` is above [`MAX_SIZE`].
    #[must_use]
    pub const fn with_size(mut self, size: usize) -> Self {
        assert!(size <= MAX_SIZE, "size is above MAX_SIZE");
        self.size = if size < SMALLEST_SIZE_LIMIT { SMALLEST_SIZE_LIMIT } else { size };
        self
    }

    /// Returns these limits with another [`total`](Self::total).
    ///
    /// # Panics
    ///
    /// If `total` is above [`MAX_SIZE`].
    #[must_use]
    pub const fn with_total(mut self, total: usize) -> Self {
        assert!(total <= MAX_SIZE, "total is above MAX_SIZE");
        self.total = total;
        self
    }

    /// Returns how many containers that are not empty may lie inside one another; [`MAX_DEPTH`] by default.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the largest size that a string, byte array, list or map may declare; [`MAX_SIZE`] by default.
    ///
    /// Sizes up to 15 stand in the marker itself and are always taken.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns how many bytes of input are read at most; [`MAX_SIZE`] by default, so that offsets fit into 32 bits.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a marker can declare without a size of its own.
const SMALLEST_SIZE_LIMIT: usize = 15;
