//! The path of a request: what is matched, and what its endpoint gets.

use decide::Judged;
use plan::{PathForm, PathPolicy};
use wire::{Head, Marks, Reading, Refusal, Request, canonical, split_query};

/// The path of a request, in its canonical form. Almost all come in that, and are not copied.
///
/// ```text
///   read (once the listener is known) ─▶ a route ─▶ settle (by its policy) ─▶ sent, again with each try
/// ```
#[derive(Debug, Default)]
pub struct Path {
    /// The canonical form, where it is not the one that came.
    text: Vec<u8>,
    /// It is not the one that came.
    differs: bool,
    /// It goes on as it came all the same.
    goes_as_it_came: bool,
    marks: Marks,
    reading: Reading,
}

impl Path {
    /// Reads the path of a request, whose slashes the listener `merges` or not.
    ///
    /// # Errors
    ///
    /// It has no canonical form.
    pub fn read(&mut self, head: &Head, request: &Request, merges: bool) -> Result<(), Refusal> {
        (self.differs, self.goes_as_it_came, self.marks) = Default::default();
        self.reading = Reading { merges, decodes: false };
        if !request.odd_path && !merges {
            return Ok(());
        }
        self.marks = self.canonicalize(head, request)?;
        Ok(())
    }

    fn canonicalize(&mut self, head: &Head, request: &Request) -> Result<Marks, Refusal> {
        let came = came(head, request);
        let marks = canonical(came, self.reading, &mut self.text)?;
        self.differs = self.text != came;
        Ok(marks)
    }

    /// Applies the policy of the route that the path was taken by; `is_taken` says whether that route takes
    /// another path as well.
    ///
    /// # Errors
    ///
    /// It refuses the path.
    pub fn settle(
        &mut self,
        head: &Head,
        request: &Request,
        policy: &PathPolicy,
        is_taken: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), Refusal> {
        self.goes_as_it_came = policy.form == PathForm::Original;
        match decide::path(policy, self.marks) {
            Judged::Stands => return Ok(()),
            Judged::Refused => return Err(Refusal::Path),
            Judged::ReadAgain => {}
        }
        self.reading.decodes = true;
        self.marks = self.canonicalize(head, request)?;
        // Whatever is behind a slash that was encoded is seen only now.
        let refused = decide::path(policy, self.marks) == Judged::Refused;
        if refused || !is_taken(&self.text) { Err(Refusal::Path) } else { Ok(()) }
    }

    /// The canonical form without the query: what is matched. `*` has none.
    pub fn canonical<'a>(&'a self, head: &'a Head, request: &Request) -> &'a [u8] {
        if self.differs { &self.text } else { came(head, request) }
    }

    /// What goes on in the place of the path that came, if that is another one.
    pub fn instead(&self) -> Option<&[u8]> {
        (self.differs && !self.goes_as_it_came).then_some(&self.text)
    }

    /// Forgets it, and keeps at most `most` bytes of room.
    pub fn recycle(&mut self, most: usize) {
        self.text.clear();
        self.text.shrink_to(most);
        self.differs = false;
    }
}

/// The path as it came, without its query.
fn came<'a>(head: &'a Head, request: &Request) -> &'a [u8] {
    split_query(head.part(request.target.path())).0
}
