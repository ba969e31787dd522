//! Puts characters into a text that nobody sees (case 66).

use hostile::content;

hostile::danger!(|options, _| content::hidden_characters(&options.paths));
