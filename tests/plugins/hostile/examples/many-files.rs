//! Proposes more files than anybody would review (case 62).

use hostile::content;

hostile::danger!(|options, _| content::many_files(options.count));
