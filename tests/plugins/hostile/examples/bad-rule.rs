//! Reports a finding whose rule is no name.

use hostile::content;

hostile::danger!(|options, _| content::bad_rule(&options.text));
