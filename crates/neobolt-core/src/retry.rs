//! When a managed transaction is run again.

use std::time::{Duration, Instant};

/// Says how long and how often a managed transaction is retried. The defaults are those of the official drivers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The time from the end of the first attempt to the end of the last. Default 30 s; zero means no retry.
    pub max_time: Duration,
    /// The pause before the second attempt, before jitter. Default 1 s.
    pub initial_delay: Duration,
    /// The factor from one pause to the next. Default 2.
    pub multiplier: f64,
    /// The part of a pause by which chance makes it shorter or longer. Default 0.2.
    pub jitter: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_time: Duration::from_secs(30), initial_delay: Duration::from_secs(1), multiplier: 2.0, jitter: 0.2 }
    }
}

/// Counts the failed attempts of one managed transaction.
///
/// Whether an error is worth a retry is not asked here: see [`failure::is_retryable`](crate::failure::is_retryable).
#[derive(Clone, Debug)]
pub struct Retry {
    policy: RetryPolicy,
    /// The next pause before jitter, in seconds.
    delay: f64,
    deadline: Option<Instant>,
}

impl Retry {
    /// Starts before the first attempt.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self { delay: policy.initial_delay.as_secs_f64(), policy, deadline: None }
    }

    /// Takes note that an attempt failed at `now` and returns when the next may begin, or `None` to give up.
    ///
    /// The first failure starts the clock. The next attempt always begins before [`Retry::deadline`]: a pause that would
    /// outlast it is not made. `random` is any number, evenly distributed; it chooses the jitter.
    pub fn failed(&mut self, now: Instant, random: u64) -> Option<Instant> {
        // A deadline too far away to be represented is none.
        self.deadline = self.deadline.or_else(|| now.checked_add(self.policy.max_time));
        let pause = Duration::try_from_secs_f64(self.delay * (1.0 + self.policy.jitter * unit(random))).ok()?;
        self.delay *= self.policy.multiplier;
        let next = now.checked_add(pause)?;
        self.deadline.is_none_or(|deadline| next < deadline).then_some(next)
    }

    /// Returns when the attempt that is running must have ended as well. `None` during the first attempt.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// Maps a random number to -1..1.
fn unit(random: u64) -> f64 {
    // 53 bits are what a float holds exactly.
    let fraction = (random >> 11) as f64 / (1_u64 << 53) as f64;
    fraction * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::epoch;

    const MIDDLE: u64 = 1 << 63;

    #[test]
    fn pauses_double_until_the_deadline_bars_the_next_attempt() {
        let start = epoch();
        let mut retry = Retry::new(RetryPolicy::default());
        assert_eq!(retry.deadline(), None);
        let mut now = start;
        let mut pauses = Vec::new();
        while let Some(next) = retry.failed(now, MIDDLE) {
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8]);
        assert_eq!(retry.deadline(), Some(start + Duration::from_secs(30)));
    }

    #[test]
    fn the_clock_starts_after_the_first_attempt() {
        let start = epoch() + Duration::from_secs(1000);
        let mut retry = Retry::new(RetryPolicy::default());
        assert!(retry.failed(start, MIDDLE).is_some());
        assert_eq!(retry.failed(start + Duration::from_secs(29), MIDDLE), None);
    }

    #[test]
    fn no_time_means_no_retry_and_all_time_does_not_overflow() {
        let now = epoch();
        let policy = |max_time| RetryPolicy { max_time, ..RetryPolicy::default() };
        assert_eq!(Retry::new(policy(Duration::ZERO)).failed(now, 0), None);
        let mut endless = Retry::new(policy(Duration::MAX));
        for _ in 0..2000 {
            let _ = endless.failed(now, u64::MAX);
        }
    }

    proptest! {
        #[test]
        fn jitter_stays_within_its_part(random: u64) {
            let now = epoch();
            let pause = Retry::new(RetryPolicy::default()).failed(now, random).unwrap() - now;
            prop_assert!((0.8..=1.2).contains(&pause.as_secs_f64()));
        }

        #[test]
        fn attempts_begin_before_the_deadline(steps in prop::collection::vec((0_u64..20_000, any::<u64>()), 1..50)) {
            let mut now = epoch();
            let mut retry = Retry::new(RetryPolicy::default());
            for (millis, random) in steps {
                now += Duration::from_millis(millis);
                let next = retry.failed(now, random);
                let deadline = retry.deadline().unwrap();
                match next {
                    Some(next) => { prop_assert!(next < deadline); now = next; }
                    None => break,
                }
            }
        }
    }
}
