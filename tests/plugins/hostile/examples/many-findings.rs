//! Reports more than anybody would read (case 10).

use hostile::content;

hostile::danger!(|options, _| content::many_findings(options.count));
