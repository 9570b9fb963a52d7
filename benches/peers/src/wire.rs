//! The protocol between `load` and `endpoint`: a 16-byte head, then bytes that can be checked.
//!
//! ```text
//!    0        2        4                 8                                16
//!   ┌────────┬────────┬─────────────────┬─────────────────────────────────┐
//!   │ kind   │ salt   │ length, u32     │ bytes, u64                      │  little endian
//!   └────────┴────────┴─────────────────┴─────────────────────────────────┘
//!
//!   kind     length                        bytes                  what follows / the answer
//!   Ask      of the request, head included wanted in the answer   length-16 bytes / `bytes` bytes
//!   Take     16                            that follow            `bytes` bytes / one head, Took
//!   Count    16                            0                      nothing / one head, Took
//!   Took     bad pieces seen (Take)        taken, or the number of connections accepted so far
//! ```
//!
//! Every byte that is not a head comes from one fixed pattern, begun at `salt`. So a byte that is
//! lost, doubled, damaged or delivered to another connection is noticed by one memcmp.

/// The length of a head.
pub const HEAD: usize = 16;

/// What a head asks for, or answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Kind {
    Ask = 0x4701,
    Take = 0x4702,
    Count = 0x4703,
    Took = 0x4704,
}

/// The sixteen bytes before everything else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub kind: Kind,
    pub salt: u16,
    pub length: u32,
    pub bytes: u64,
}

impl Head {
    pub fn encode(self) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[0..2].copy_from_slice(&(self.kind as u16).to_le_bytes());
        out[2..4].copy_from_slice(&self.salt.to_le_bytes());
        out[4..8].copy_from_slice(&self.length.to_le_bytes());
        out[8..16].copy_from_slice(&self.bytes.to_le_bytes());
        out
    }

    /// `None` for a head no honest peer sends: the bytes were damaged on the way.
    pub fn decode(head: &[u8; HEAD]) -> Option<Self> {
        let [k0, k1, s0, s1, l0, l1, l2, l3, bytes @ ..] = *head;
        let kind = match u16::from_le_bytes([k0, k1]) {
            0x4701 => Kind::Ask,
            0x4702 => Kind::Take,
            0x4703 => Kind::Count,
            0x4704 => Kind::Took,
            _ => return None,
        };
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if kind != Kind::Took && (length as usize) < HEAD {
            return None;
        }
        let (salt, bytes) = (u16::from_le_bytes([s0, s1]), u64::from_le_bytes(bytes));
        Some(Self { kind, salt, length, bytes })
    }

    /// How many bytes follow this head.
    pub fn follows(self) -> u64 {
        match self.kind {
            Kind::Ask => u64::from(self.length) - HEAD as u64,
            Kind::Take => self.bytes,
            Kind::Count | Kind::Took => 0,
        }
    }
}

/// The longest run of the pattern that can be had in one piece.
pub const REACH: usize = 256 * 1024;

/// A prime, so that no buffer of a round size divides it: a buffer sent twice or left out shifts
/// the pattern.
const PERIOD: usize = 65_521;

/// The bytes all bodies are made of: random ones that repeat after `PERIOD`.
pub struct Pattern(Box<[u8]>);

impl Pattern {
    pub fn new() -> Self {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut bytes: Vec<u8> = (0..PERIOD)
            .map(|_| {
                // xorshift64: any generator does, as long as both sides use the same one.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        while bytes.len() < PERIOD + REACH {
            let more = bytes.len().min(PERIOD + REACH - bytes.len()).min(PERIOD);
            bytes.extend_from_within(..more);
        }
        Self(bytes.into_boxed_slice())
    }

    /// The bytes a body begun at `salt` has from `at` on, at most `REACH` of them.
    pub fn piece(&self, salt: u16, at: u64, wanted: u64) -> &[u8] {
        let begin = ((u64::from(salt) + at) % PERIOD as u64) as usize;
        let length = wanted.min(REACH as u64) as usize;
        &self.0[begin..begin + length]
    }

    /// Whether `got` is what a body begun at `salt` has from `at` on.
    pub fn holds(&self, salt: u16, at: u64, got: &[u8]) -> bool {
        let mut at = at;
        got.chunks(REACH).all(|piece| {
            let same = self.piece(salt, at, piece.len() as u64) == piece;
            at += piece.len() as u64;
            same
        })
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back_as_it_was_sent() {
        let head = Head { kind: Kind::Ask, salt: 7, length: 256, bytes: 1 << 40 };
        assert_eq!(Head::decode(&head.encode()), Some(head));
        assert_eq!(head.follows(), 240);
    }

    #[test]
    fn a_damaged_head_is_refused() {
        assert_eq!(Head::decode(&[0; HEAD]), None);
        let short = Head { kind: Kind::Ask, salt: 0, length: 15, bytes: 0 };
        assert_eq!(Head::decode(&short.encode()), None);
    }

    #[test]
    fn the_pattern_goes_on_over_its_period() {
        let pattern = Pattern::new();
        let period = PERIOD as u64;
        assert_eq!(pattern.piece(3, period - 1, 9)[1..], *pattern.piece(3, 0, 8));
        assert_eq!(pattern.piece(0, 5 * period + 9, 100), pattern.piece(9, 0, 100));
        assert!(pattern.holds(1, 2, pattern.piece(3, 0, REACH as u64)));
    }

    #[test]
    fn a_buffer_sent_twice_or_a_wrong_salt_is_noticed() {
        let pattern = Pattern::new();
        assert!(!pattern.holds(0, 65_536, pattern.piece(0, 0, 65_536)));
        assert!(!pattern.holds(1, 0, pattern.piece(2, 0, 16)));
    }
}
