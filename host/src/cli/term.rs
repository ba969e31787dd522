//! The only file that prints. Data goes to standard output, everything else to
//! standard error; text of plugins and files arrives here cleaned.

use std::io::{ErrorKind, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use lifeos::clean;

use super::error::CommandError;
use super::exit::Exit;
use super::json;

/// Where a command's words go.
pub(crate) struct Term {
    json: bool,
    /// Set when standard output could not be written.
    failed: AtomicBool,
}

const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const BOLD: Style = Style::new().bold();

impl Term {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, failed: AtomicBool::new(false) }
    }

    /// Whether the command was asked for JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints data.
    pub(crate) fn data(&self, text: &str) {
        self.write(std::io::stdout().lock(), text);
    }

    /// Prints a value as one JSON document.
    pub(crate) fn json(&self, value: &impl serde::Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"bug\": \"{error}\"}}"));
        self.data(&format!("{}\n", escaped(&text)));
    }

    /// Prints the title of what follows, in bold on a terminal.
    pub(crate) fn heading(&self, title: &str) {
        let style = if colours() { BOLD } else { Style::new() };
        self.data(&format!("\n{style}{}{style:#}\n", clean::line(title)));
    }

    /// Prints a diff, coloured on a terminal.
    pub(crate) fn diff(&self, diff: &str) {
        if !colours() {
            return self.data(&clean::block(diff));
        }
        let mut text = String::with_capacity(diff.len());
        for line in diff.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            let style = match line.as_bytes() {
                [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => BOLD,
                [b'+', ..] => GREEN,
                [b'-', ..] => RED,
                [b'@', ..] => CYAN,
                _ => Style::new(),
            };
            let line =
                line.strip_suffix('\r').map_or_else(|| clean::block(line), |line| format!("{}\\r", clean::block(line)).into());
            text.push_str(&format!("{style}{line}{style:#}{end}"));
        }
        self.data(&text);
    }

    /// Prints a line that begins with a verdict, good or bad or neither, coloured on a terminal.
    pub(crate) fn verdict(&self, is_good: Option<bool>, word: &str, rest: &str) {
        let style = match is_good {
            Some(true) if colours() => GREEN,
            Some(false) if colours() => RED,
            _ => Style::new(),
        };
        self.data(&format!("{style}{word:<8}{style:#} {}\n", clean::line(rest)));
    }

    /// How many columns standard output has, 40 to 120.
    pub(crate) fn columns(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
        size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(COLUMNS).clamp(40, 120)
    }

    /// Tells a person how it went; nothing that a program would want.
    pub(crate) fn note(&self, text: &str) {
        self.write_quietly(&format!("{text}\n"));
    }

    /// Tells what went wrong, in at most a few lines.
    pub(crate) fn error(&self, error: &CommandError) -> Exit {
        if self.json {
            self.json(&json::Failed::new(error));
        }
        let mut text = format!("{RED}error{RED:#}: {}\n", clean::line(&error.message));
        for hint in &error.hints {
            text.push_str(&format!("{CYAN}hint{CYAN:#}: {}\n", clean::line(hint)));
        }
        self.write_quietly(&text);
        error.exit
    }

    /// The end of a command; output that could not be written is an error too.
    pub(crate) fn finish(&self, exit: Exit) -> Exit {
        if self.failed.load(Ordering::Relaxed) && exit.code() < Exit::Io.code() { Exit::Io } else { exit }
    }

    fn write(&self, mut to: impl Write, text: &str) {
        match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => {
                self.failed.store(true, Ordering::Relaxed);
                self.write_quietly(&format!("error: standard output: {error}\n"));
            }
            Ok(()) => {}
        }
    }

    fn write_quietly(&self, text: &str) {
        let mut stderr = anstream::stderr().lock();
        drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
    }
}

/// Whether standard output shows colours.
fn colours() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Columns of a terminal that does not tell, and of a file.
const COLUMNS: usize = 80;

/// JSON text with control and invisible characters written as escapes: they stand inside strings only.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if char != '\n' && (char.is_control() || clean::is_hidden(char)) {
            char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        } else {
            escaped.push(char);
        }
    }
    escaped
}

/// Prints what the argument parser has to say and gives the exit code.
pub(crate) fn usage(error: &clap::Error) -> u8 {
    drop(error.print());
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let message = error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Term::new(true).json(&json::Failed::new(&CommandError::usage(message).hint("see --help")));
    }
    if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() }
}

/// Whether progress can be drawn.
pub(crate) fn draws() -> bool {
    std::io::stderr().is_terminal()
}

/// Diagnostics for developers, off unless `LIFEOS_LOG` asks for them.
pub(crate) fn log_to_stderr() {
    let filter = std::env::var("LIFEOS_LOG").unwrap_or_else(|_| "error".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let built = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    drop(built.without_time().try_init());
}
