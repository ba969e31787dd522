//! Tells what it was instructed to do.

use hostile::content;

hostile::danger!(|_, input| content::tell(&format!("instruction: {:?}", input.instruction)));
