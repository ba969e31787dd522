//! Puts characters into a text that nobody sees.

use hostile::content;

hostile::danger!(|options, _| content::hidden_characters(&options.paths));
