//! The progress bar.

use std::io::Write;
use std::time::{Duration, Instant};

/// One line at the bottom of a terminal: how many of the files are processed.
pub(super) struct Bar {
    is_watched: bool,
    is_shown: bool,
    next: Instant,
    /// Files that are processed.
    pub(super) processed: usize,
}

impl Bar {
    pub(super) fn new(is_watched: bool) -> Self {
        Self {
            is_watched,
            is_shown: false,
            next: Instant::now() + DELAY,
            processed: 0,
        }
    }

    /// Draws the bar when it is due. A terminal that cannot be written to is not an error.
    pub(super) fn draw(&mut self, found: usize, stderr: &mut dyn Write) {
        let now = Instant::now();
        if !self.is_watched || now < self.next {
            return;
        }
        self.next = now + TICK;
        self.is_shown = true;
        let columns = 24;
        let filled = (columns * self.processed).checked_div(found).unwrap_or(0);
        let bar: String = (0..columns)
            .map(|at| if at < filled { '━' } else { '·' })
            .collect();
        let _ = write!(stderr, "\r\x1b[K{bar} {} of {found} files", self.processed);
        let _ = stderr.flush();
    }

    pub(super) fn clear(&mut self, stderr: &mut dyn Write) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(stderr, "\r\x1b[K");
            let _ = stderr.flush();
        }
    }
}

/// The time between two drawings.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// A run that ends sooner shows no bar.
const DELAY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_drawn_only_for_a_watched_run_that_takes_long() {
        let drawn = |is_watched, wait| {
            let mut bar = Bar::new(is_watched);
            bar.next = Instant::now() + wait;
            bar.processed = 1;
            let mut out = Vec::new();
            for _ in 0..2 {
                bar.draw(4, &mut out);
            }
            bar.clear(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            drawn(true, Duration::ZERO),
            "\r\x1b[K━━━━━━·················· 1 of 4 files\r\x1b[K"
        );
        assert_eq!(drawn(true, DELAY), "");
        assert_eq!(drawn(false, Duration::ZERO), "");
    }
}
