//! Bytes of a component as they come: whatever they are, reading them ends soon
//! and with a value or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _read = lifeos::plugin::Plugin::read(bytes.to_vec());
    let _facts = lifeos::plugin::facts::Facts::read(bytes);
});
