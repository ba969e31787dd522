//! Code, as far as documents tell of it: what is there today, which lines make a
//! name, and what took a name's place.

pub(crate) mod base;
pub(crate) mod define;
pub(crate) mod heir;
