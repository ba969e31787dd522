//! Imports all that the contract lends, and edits what it was told to: what an audit has the most to say of.

use hostile::{asking, content, paths};

hostile::danger!(|options, _| {
    if options.count > 0 {
        paths::probe(&options.paths)?;
        paths::list(&options.paths)?;
        paths::stat(&options.paths)?;
        asking::ask(options)?;
        asking::obey(options)?;
    }
    content::replace(&options.paths, &options.find, &options.text)
});
