//! Where a task's key stands in the text of `lifeos.toml`. A table that is written
//! in another form than `[task.NAME]` is not found, and nothing hangs on it.

/// The line, from 1, of a key in a task's table; that of the table if the key is not in it.
pub(super) fn line_of(text: &str, task: &str, key: &str) -> Option<usize> {
    let header = format!("[task.{task}]");
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let (table, _) = lines.find(|(_, line)| line.strip_prefix(&header).is_some_and(|rest| !rest.starts_with('.')))?;
    let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let found = lines.take_while(|(_, line)| !line.starts_with('[')).find(|(_, line)| is_key(line));
    Some(found.map_or(table, |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_key_stands_in_its_table() {
        let text = "version = 1\n[task.a]\nread = ['x']\n\n[task.b]\nreading = 1\nread=['y']\n[task.b.limits]\nedit = 1\n";
        let rows = [("a", "read", Some(3)), ("b", "read", Some(7)), ("b", "edit", Some(5)), ("c", "read", None)];
        for (task, key, expected) in rows {
            assert_eq!(line_of(text, task, key), expected, "{task} {key}");
        }
    }
}
