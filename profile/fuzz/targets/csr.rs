#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| profile_fuzz::csr(data));
