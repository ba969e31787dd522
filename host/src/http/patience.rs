//! How long somebody is waited for, and when they are asked again. What may be asked
//! again is decided by whoever asks.

use std::time::{Duration, Instant};

/// Attempts of one request.
const ATTEMPTS_MAX: u32 = 3;

/// How long somebody is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one attempt of one request, from its first byte to the answer's last.
    pub attempt: Duration,
    /// For one call: all its requests, attempts and waits together.
    pub call: Duration,
    /// Before the second attempt; before the third it is twice that.
    pub first_wait: Duration,
}

/// The attempts of one request.
pub(crate) struct Attempts {
    made: u32,
    wait: Duration,
    deadline: Instant,
}

impl Attempts {
    /// None is made yet; the last one begins before `deadline`.
    pub(crate) fn new(first_wait: Duration, deadline: Instant) -> Self {
        Self { made: 0, wait: first_wait, deadline }
    }

    /// How long to wait after an attempt that failed, at least as long as who was asked
    /// says; none if there is no other attempt.
    pub(crate) fn pause(&mut self, asked_for: Option<Duration>) -> Option<Duration> {
        self.made += 1;
        let pause = self.wait.max(asked_for.unwrap_or_default());
        self.wait = self.wait.saturating_mul(2);
        let is_late = pause >= self.deadline.saturating_duration_since(Instant::now());
        (self.made < ATTEMPTS_MAX && !is_late).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_tried_three_times_and_not_past_its_deadline() {
        let [second, hour] = [1, 3600].map(Duration::from_secs);
        let begin = || Attempts::new(second, Instant::now() + hour);
        let mut attempts = begin();
        assert_eq!([None; 3].map(|asked_for| attempts.pause(asked_for)), [Some(second), Some(second * 2), None]);
        assert_eq!(begin().pause(Some(second * 9)), Some(second * 9), "who is asked may want a longer wait");
        assert_eq!(begin().pause(Some(Duration::ZERO)), Some(second), "and not a shorter one");
        assert_eq!(begin().pause(Some(hour)), None, "nobody waits past the deadline");
    }
}
