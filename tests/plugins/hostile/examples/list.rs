//! Lists by each pattern, page by page (cases 32, 54, 55, 63).

use hostile::paths;

hostile::danger!(|options, _| paths::list(&options.paths));
