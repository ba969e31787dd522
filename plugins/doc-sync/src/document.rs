//! A document as far as it quotes code: its pieces of code, and what they name.
//! What is true of it is nobody's business here.

pub(crate) mod mention;
pub(crate) mod quote;
