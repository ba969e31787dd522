//! Proposes files where there are none, wherever it was told to (cases 43, 62).

use hostile::content;

hostile::danger!(|options, _| content::create(&options.paths, &options.text));
