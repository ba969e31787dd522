//! Writes to the clipboard and the title of a terminal that shows what it says (case 18).

use hostile::content;

hostile::danger!(|options, _| content::control_sequences(&options.paths));
