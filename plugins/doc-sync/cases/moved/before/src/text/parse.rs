//! Reads text, line by line, and knows nothing of colours.

pub fn parse() {}
