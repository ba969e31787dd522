//! The entry of the program, long enough to be known again.

pub fn begin_it() {}
