//! Commands of `lifeos.toml`, parted into words. None is run here.

/// The words of a command under a key, as a shell would part them; no shell ever sees it.
pub(super) fn words(key: &str, command: &str) -> Result<Vec<String>, String> {
    if command.contains(|next: char| next.is_control()) {
        return Err(format!("{key}: a command has a control character"));
    }
    if let Some(sign) = shell_sign(command) {
        return Err(format!("{key}: `{command}`: no shell reads `{sign}`; write two commands, or sh -c '...'"));
    }
    match shell_words::split(command) {
        Ok(words) if words.is_empty() => Err(format!("{key}: a command is empty")),
        Ok(words) => Ok(words),
        Err(error) => Err(format!("{key}: `{command}`: {error}")),
    }
}

/// The first sign outside of quotes that only a shell would understand.
fn shell_sign(command: &str) -> Option<char> {
    let (mut quote, mut escaped) = (None, false);
    command.chars().find(|next| {
        let is_sign = quote.is_none() && !escaped && matches!(next, '&' | '|' | ';' | '<' | '>');
        escaped = *next == '\\' && !escaped && quote != Some('\'');
        quote = match quote {
            _ if escaped => quote,
            Some(open) if open == *next => None,
            None if matches!(next, '\'' | '"') => Some(*next),
            quote => quote,
        };
        is_sign
    })
}
