//! Bytes that tell where in a stream they belong.

use std::sync::OnceLock;

use super::random::Random;

/// The bytes repeat after so many: a prime, so that no buffer is a multiple of it.
const PERIOD: usize = 65_521;
/// The most that is looked at in one piece.
const PIECE: usize = 256 * 1024;

/// Two turns and one piece of the bytes, so that any piece lies in it in a row.
fn table() -> &'static [u8] {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut random = Random::new(47);
        let turn: Vec<u8> = (0..PERIOD).map(|_| random.below(256) as u8).collect();
        turn.iter().copied().cycle().take(PERIOD + PIECE).collect()
    })
}

/// The `length` bytes that stand at `position` of every stream; fewer if that is too long.
pub fn bytes(position: u64, length: usize) -> &'static [u8] {
    let at = (position % PERIOD as u64) as usize;
    &table()[at..at + length.min(PIECE)]
}

/// Whether `found` is what stands at `position`.
pub fn is_at(position: u64, found: &[u8]) -> bool {
    let mut position = position;
    found.chunks(PIECE).all(|piece| {
        let expected = bytes(position, piece.len());
        position += piece.len() as u64;
        expected == piece
    })
}
