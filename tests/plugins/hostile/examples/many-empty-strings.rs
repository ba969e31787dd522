//! Hands over ten million replacements, each of them empty (case 8).

use hostile::resources;

hostile::danger!(|_, _| resources::many_empty_strings());
