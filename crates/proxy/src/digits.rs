//! Numbers as text, without an allocation.

/// A number as decimal digits.
pub struct Digits {
    text: [u8; 20],
    start: usize,
}

impl Digits {
    /// Those of a number that is not written.
    pub const NONE: Self = Self { text: [b'0'; 20], start: 20 };

    /// Those of `number`.
    pub fn of(mut number: u64) -> Self {
        let mut digits = Self::NONE;
        loop {
            digits.start -= 1;
            if let Some(digit) = digits.text.get_mut(digits.start) {
                *digit = b'0' + (number % 10) as u8;
            }
            number /= 10;
            if number == 0 || digits.start == 0 {
                return digits;
            }
        }
    }

    /// The digits.
    pub fn text(&self) -> &[u8] {
        self.text.get(self.start..).unwrap_or_default()
    }
}
