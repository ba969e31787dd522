//! The known name nearest to one that is not known, for error messages.

/// The candidate that differs least from `name`, if it is like it at all.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let ranked = candidates.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    let best = ranked.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_alike() {
        assert_eq!(nearest("raed", ["read", "edit"].into_iter()), Some("read"));
        assert_eq!(nearest("zzz", ["read", "edit"].into_iter()), None);
    }
}
