//! What a route makes of the path of a request.

use plan::{Admission, EncodedSlash, PathPolicy, Semicolon};
use wire::Marks;

/// The answer to [`path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It is what it was matched by.
    Stands,
    /// It is read again, with `%2F` for a slash. What that shows is judged again, and it has to be of the
    /// same route.
    ReadAgain,
    /// It has what the route refuses.
    Refused,
}

/// What a route with this policy makes of a path that has these marks.
pub fn path(policy: &PathPolicy, marks: Marks) -> Judged {
    if marks == Marks::default() {
        Judged::Stands
    } else if marks.has_any(refused(policy)) {
        Judged::Refused
    } else if marks.has_any(Marks::ENCODED_SLASH) && policy.encoded_slash == EncodedSlash::Decode {
        Judged::ReadAgain
    } else {
        Judged::Stands
    }
}

fn refused(policy: &PathPolicy) -> Marks {
    let PathPolicy { encoded_slash, encoded_backslash, encoded_percent, backslash, semicolon, form: _ } = *policy;
    let semicolons = match semicolon {
        Semicolon::Reject => Marks::SEMICOLON.and(Marks::BARE_SEMICOLON),
        Semicolon::Parameters => Marks::BARE_SEMICOLON,
        Semicolon::Keep => Marks::default(),
    };
    let rejects = |admission, mark| if admission == Admission::Reject { mark } else { Marks::default() };
    let slash = if encoded_slash == EncodedSlash::Reject { Marks::ENCODED_SLASH } else { Marks::default() };
    semicolons
        .and(slash)
        .and(rejects(encoded_backslash, Marks::ENCODED_BACKSLASH))
        .and(rejects(encoded_percent, Marks::ENCODED_PERCENT))
        .and(rejects(backslash, Marks::BACKSLASH))
}

#[cfg(test)]
mod tests {
    use plan::PathForm;

    use super::*;

    const KEEPS: PathPolicy = PathPolicy {
        encoded_slash: EncodedSlash::Keep,
        encoded_backslash: Admission::Keep,
        encoded_percent: Admission::Keep,
        backslash: Admission::Keep,
        semicolon: Semicolon::Keep,
        form: PathForm::Canonical,
    };

    const ALL: Marks = Marks::ENCODED_SLASH
        .and(Marks::ENCODED_BACKSLASH)
        .and(Marks::ENCODED_PERCENT)
        .and(Marks::BACKSLASH)
        .and(Marks::SEMICOLON)
        .and(Marks::BARE_SEMICOLON);

    #[test]
    fn each_policy_refuses_its_own_and_nothing_else() {
        let policies = [
            (PathPolicy { encoded_slash: EncodedSlash::Reject, ..KEEPS }, Marks::ENCODED_SLASH),
            (PathPolicy { encoded_backslash: Admission::Reject, ..KEEPS }, Marks::ENCODED_BACKSLASH),
            (PathPolicy { encoded_percent: Admission::Reject, ..KEEPS }, Marks::ENCODED_PERCENT),
            (PathPolicy { backslash: Admission::Reject, ..KEEPS }, Marks::BACKSLASH),
            (PathPolicy { semicolon: Semicolon::Parameters, ..KEEPS }, Marks::BARE_SEMICOLON),
            (PathPolicy { semicolon: Semicolon::Reject, ..KEEPS }, Marks::SEMICOLON.and(Marks::BARE_SEMICOLON)),
            (KEEPS, Marks::default()),
        ];
        let single = [
            Marks::ENCODED_SLASH,
            Marks::ENCODED_BACKSLASH,
            Marks::ENCODED_PERCENT,
            Marks::BACKSLASH,
            Marks::SEMICOLON,
            Marks::BARE_SEMICOLON,
        ];
        for (policy, refuses) in policies {
            for mark in single {
                let expected = if mark.has_any(refuses) { Judged::Refused } else { Judged::Stands };
                assert_eq!(path(&policy, mark), expected, "{mark:?} by {policy:?}");
            }
            let expected = if refuses == Marks::default() { Judged::Stands } else { Judged::Refused };
            assert_eq!(path(&policy, ALL), expected, "a mark hides another: {policy:?}");
        }
    }

    #[test]
    fn a_slash_is_decoded_unless_something_else_is_refused() {
        let decodes = PathPolicy { encoded_slash: EncodedSlash::Decode, ..KEEPS };
        assert_eq!(path(&decodes, Marks::ENCODED_SLASH), Judged::ReadAgain);
        assert_eq!(path(&decodes, Marks::SEMICOLON), Judged::Stands);
        assert_eq!(path(&decodes, ALL), Judged::ReadAgain);
        let strict = PathPolicy { backslash: Admission::Reject, ..decodes };
        assert_eq!(path(&strict, ALL), Judged::Refused);
    }
}
