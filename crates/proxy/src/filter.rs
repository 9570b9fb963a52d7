//! What happens to bodies on their way, whatever protocol brings them.

mod hold;
mod limit;
#[cfg(feature = "inject")]
mod stretch;

use account::Fault;

pub use hold::Hold;
pub use limit::Limit;
#[cfg(feature = "inject")]
pub use stretch::Stretch;

/// A part of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Bytes of it.
    Data(&'a [u8]),
    /// Field lines behind it, each with its end.
    Trailers(&'a [u8]),
    /// It is complete.
    End,
    /// It does not come to its end.
    Abort(Fault),
}

/// Where a filter passes parts on.
pub type Next<'a> = dyn FnMut(Part<'_>) -> Result<(), Fault> + 'a;

/// One thing that happens to a body.
#[derive(Debug)]
pub enum Filter {
    /// No more than so many bytes.
    Limit(Limit),
    /// What has passed is kept, to be sent again.
    Hold(Hold),
    /// It gets longer, for tests.
    #[cfg(feature = "inject")]
    Stretch(Stretch),
}

impl Filter {
    fn pass(&mut self, part: Part<'_>, next: &mut Next<'_>) -> Result<(), Fault> {
        match self {
            Self::Limit(limit) => limit.pass(part, next),
            Self::Hold(hold) => hold.pass(part, next),
            #[cfg(feature = "inject")]
            Self::Stretch(stretch) => stretch.pass(part, next),
        }
    }

    /// Whether it passes on something else than it got.
    fn changes(&self) -> bool {
        match self {
            Self::Limit(_) | Self::Hold(_) => false,
            #[cfg(feature = "inject")]
            Self::Stretch(_) => true,
        }
    }
}

/// The filters of one body, in their order.
#[derive(Debug, Default)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// One more, behind the others.
    pub fn add(&mut self, filter: Filter) {
        self.0.push(filter);
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there is none, so nobody has to see what passes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something else is passed on than came, so that its framing has to be made anew.
    pub fn change(&self) -> bool {
        self.0.iter().any(Filter::changes)
    }

    /// Passes a part through all of them, and what comes of it to `sink`.
    ///
    /// # Errors
    ///
    /// One of them ends the exchange.
    pub fn pass(&mut self, part: Part<'_>, sink: &mut Next<'_>) -> Result<(), Fault> {
        through(&mut self.0, part, sink)
    }

    /// Shows a part to all of them, where none changes anything.
    ///
    /// # Errors
    ///
    /// One of them ends the exchange.
    pub fn show(&mut self, part: Part<'_>) -> Result<(), Fault> {
        through(&mut self.0, part, &mut |_| Ok(()))
    }

    /// The same, to be changed.
    pub fn held_mut(&mut self) -> Option<&mut Hold> {
        self.0.iter_mut().find_map(|filter| match filter {
            Filter::Hold(hold) => Some(hold),
            _ => None,
        })
    }

    /// What is kept to be sent again.
    pub fn held(&self) -> Option<&Hold> {
        self.0.iter().find_map(|filter| match filter {
            Filter::Hold(hold) => Some(hold),
            _ => None,
        })
    }
}

fn through(filters: &mut [Filter], part: Part<'_>, sink: &mut Next<'_>) -> Result<(), Fault> {
    match filters.split_first_mut() {
        Some((first, rest)) => first.pass(part, &mut |part| through(rest, part, sink)),
        None => sink(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_pass_the_filters_in_order() {
        let mut filters = Filters::default();
        assert!(filters.is_empty());
        filters.add(Filter::Limit(Limit::new(5)));
        filters.add(Filter::Hold(Hold::new(3)));
        assert!(!filters.change());
        let mut seen = Vec::new();
        let mut pass = |part: Part<'_>| {
            filters.pass(part, &mut |part| {
                seen.push(format!("{part:?}"));
                Ok(())
            })
        };
        assert_eq!(pass(Part::Data(b"abc")), Ok(()));
        assert_eq!(pass(Part::Data(b"de")), Ok(()));
        assert_eq!(pass(Part::Data(b"f")), Err(Fault::BodyTooLarge));
        assert_eq!(pass(Part::Abort(Fault::BodyTooLarge)), Ok(()));
        assert_eq!(seen, ["Data([97, 98, 99])", "Data([100, 101])", "Abort(BodyTooLarge)"]);
        assert!(filters.held().is_some_and(|hold| !hold.is_whole()), "more than it may keep");
    }
}
