//! Sixteen bytes at a time: where the first one stands that ends something.
//!
//! On x86-64 with the instructions that every such processor has; elsewhere byte by byte. The only
//! `unsafe` of this crate says that those instructions are there.

/// As many bytes as are looked at together.
pub const BLOCK: usize = 16;

/// Where the first control byte stands that is no tab, or one past the block. What it answers for a tab
/// is up to the caller: a tab counts as control here.
#[inline]
pub fn first_control(block: &[u8; BLOCK]) -> usize {
    // SAFETY: SSE2 is part of x86-64.
    #[cfg(target_arch = "x86_64")]
    return unsafe { sse2::first_control(block) };
    #[cfg(not(target_arch = "x86_64"))]
    return block.iter().position(|byte| *byte < 0x20 || *byte == 0x7f).unwrap_or(BLOCK);
}

/// Where the first byte stands that is no letter, digit or `-`, or one past the block.
#[inline]
pub fn first_beside_name(block: &[u8; BLOCK]) -> usize {
    // SAFETY: SSE2 is part of x86-64.
    #[cfg(target_arch = "x86_64")]
    return unsafe { sse2::first_beside_name(block) };
    #[cfg(not(target_arch = "x86_64"))]
    return block.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(BLOCK);
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
        _mm_sub_epi8,
    };

    use super::BLOCK;

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(block: &[u8; BLOCK]) -> __m128i {
        let whole = u128::from_le_bytes(*block);
        _mm_set_epi64x((whole >> 64) as i64, whole as i64)
    }

    /// Which bytes are at most `most`, as unsigned numbers.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn at_most(bytes: __m128i, most: u8) -> __m128i {
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most as i8)), bytes)
    }

    /// Which bytes are from `least` to `most`.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn within(bytes: __m128i, least: u8, most: u8) -> __m128i {
        at_most(_mm_sub_epi8(bytes, _mm_set1_epi8(least as i8)), most - least)
    }

    /// The first byte that is marked, or one past the block.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn first(marked: __m128i) -> usize {
        (_mm_movemask_epi8(marked) as u32 | 1 << BLOCK).trailing_zeros() as usize
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub fn first_control(block: &[u8; BLOCK]) -> usize {
        let bytes = load(block);
        first(_mm_or_si128(at_most(bytes, 0x1f), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub fn first_beside_name(block: &[u8; BLOCK]) -> usize {
        let bytes = load(block);
        let letter = within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), b'a', b'z');
        let other = _mm_or_si128(within(bytes, b'0', b'9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'-' as i8)));
        let name = _mm_movemask_epi8(_mm_or_si128(letter, other)) as u32;
        (!name).trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_ends_something_is_found() {
        for at in 0..BLOCK {
            for byte in 0..=255u8 {
                let mut block = [b'x'; BLOCK];
                block[at] = byte;
                // What comes behind it changes nothing.
                for behind in block.iter_mut().skip(at + 1).step_by(2) {
                    *behind = b'\r';
                }
                let next = if at + 1 < BLOCK { at + 1 } else { BLOCK };
                let control = byte < 0x20 || byte == 0x7f;
                assert_eq!(first_control(&block), if control { at } else { next }, "{byte} at {at}");
                let name = byte.is_ascii_alphanumeric() || byte == b'-';
                assert_eq!(first_beside_name(&block), if name { next } else { at }, "{byte} at {at}");
            }
        }
    }
}
