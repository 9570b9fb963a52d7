//! Heads of requests and of responses.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::head(bytes));
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    fuzz::lines::change(bytes, size, most, seed, fuzz::lines::HEAD, libfuzzer_sys::fuzzer_mutate)
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    fuzz::replay(fuzz::head)
}
