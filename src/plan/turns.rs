//! The order of a run: never-attempted sessions and due retries take turns, each oldest first, so
//! that neither a pile of failing sessions nor a burst of new ones starves the other. Sessions at
//! which an earlier run stopped or died come last.

use std::collections::VecDeque;

/// The queues of a run.
#[derive(Debug)]
pub struct Turns<T> {
    untried: VecDeque<T>,
    retries: VecDeque<T>,
    last: VecDeque<T>,
    retry_is_next: bool,
    window: usize,
}

impl<T> Turns<T> {
    /// Empty queues, for which so many sessions are judged ahead of their turn.
    pub fn new(window: usize) -> Self {
        Self {
            untried: VecDeque::new(),
            retries: VecDeque::new(),
            last: VecDeque::new(),
            retry_is_next: false,
            window: window.max(1),
        }
    }

    /// Whether as many wait for their turn as should be judged ahead. Those that come last do not
    /// count: they keep nobody else's place.
    pub fn is_full(&self) -> bool {
        self.untried.len() + self.retries.len() >= self.window
    }

    /// Whether another session should be judged before the next turn is taken: none waits of the kind
    /// that is next.
    pub fn is_wanting(&self) -> bool {
        let next = match self.retry_is_next {
            true => &self.retries,
            false => &self.untried,
        };
        next.is_empty() && !self.is_full()
    }

    /// Adds a session that was never attempted. Call it in order, oldest first.
    pub fn push_untried(&mut self, item: T) {
        self.untried.push_back(item);
    }

    /// Adds a session whose retry is due. Call it in order, oldest first.
    pub fn push_retry(&mut self, item: T) {
        self.retries.push_back(item);
    }

    /// Adds a session that comes after all others.
    pub fn push_last(&mut self, item: T) {
        self.last.push_back(item);
    }

    /// How many are still to come.
    pub fn len(&self) -> usize {
        self.untried.len() + self.retries.len() + self.last.len()
    }

    /// Whether none is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Iterator for Turns<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (first, second) = if self.retry_is_next {
            (&mut self.retries, &mut self.untried)
        } else {
            (&mut self.untried, &mut self.retries)
        };
        let next = first.pop_front().or_else(|| second.pop_front());
        self.retry_is_next = !self.retry_is_next;
        next.or_else(|| self.last.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(untried: &[i32], retries: &[i32], last: &[i32]) -> Vec<i32> {
        let mut turns = Turns::new(100);
        untried.iter().for_each(|item| turns.push_untried(*item));
        retries.iter().for_each(|item| turns.push_retry(*item));
        last.iter().for_each(|item| turns.push_last(*item));
        let len = untried.len() + retries.len() + last.len();
        assert_eq!((turns.len(), turns.is_empty()), (len, len == 0));
        turns.collect()
    }

    /// The order of sessions that are judged as they are wanted; from 10 on they are retries.
    fn judged_ahead(window: usize, snapshot: &[i32]) -> Vec<i32> {
        let mut turns = Turns::new(window);
        let mut snapshot = snapshot.iter().copied();
        let mut judge = |turns: &mut Turns<i32>| match snapshot.next() {
            None => false,
            Some(item) if item < 10 => {
                turns.push_untried(item);
                true
            }
            Some(item) => {
                turns.push_retry(item);
                true
            }
        };
        while !turns.is_full() && judge(&mut turns) {}
        std::iter::from_fn(|| {
            while turns.is_wanting() && judge(&mut turns) {}
            turns.next()
        })
        .collect()
    }

    #[test]
    fn a_small_window_takes_turns_as_far_as_it_sees() {
        let snapshot = [1, 2, 3, 4, 5, 11, 6, 12];
        assert_eq!(judged_ahead(100, &snapshot), [1, 11, 2, 12, 3, 4, 5, 6]);
        assert_eq!(judged_ahead(3, &snapshot), [1, 2, 3, 11, 4, 12, 5, 6]);
        assert_eq!(judged_ahead(1, &snapshot), [1, 2, 3, 4, 5, 11, 6, 12]);
        assert_eq!(judged_ahead(0, &[11, 1]), [11, 1]);
        assert_eq!(judged_ahead(2, &[]), [0; 0]);
    }

    #[test]
    fn the_two_kinds_take_turns_and_the_last_come_last() {
        assert_eq!(order(&[1, 2, 3], &[11, 12], &[9]), [1, 11, 2, 12, 3, 9]);
        assert_eq!(order(&[1], &[11, 12, 13], &[]), [1, 11, 12, 13]);
        assert_eq!(order(&[], &[11], &[9, 8]), [11, 9, 8]);
        assert!(order(&[], &[], &[]).is_empty());
    }
}
