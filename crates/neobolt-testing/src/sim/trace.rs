//! What happened, as a hash and, when wanted, as bytes.

/// FNV-1a, 64 bits: a few lines, and the same everywhere.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    kept: Option<Vec<u8>>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: OFFSET, kept: None }
    }
}

impl Trace {
    /// Adds an event: a letter for its kind, two numbers, and the bytes that moved.
    pub(super) fn record(&mut self, kind: u8, a: u64, b: u64, bytes: &[u8]) {
        self.add(&[kind]);
        self.add(&a.to_be_bytes());
        self.add(&b.to_be_bytes());
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn keep(&mut self) {
        self.kept.get_or_insert_default();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.kept.as_deref().unwrap_or_default()
    }
}
