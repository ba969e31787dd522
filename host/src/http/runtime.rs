//! What a request is driven with: one thread, that of whoever asks. What is driven is
//! not known here.

use std::future::Future;

/// A runtime that goes without waiting.
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// A runtime of the thread that asks.
    ///
    /// # Errors
    /// The system gives no more handles.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self(Some(tokio::runtime::Builder::new_current_thread().enable_all().build()?)))
    }

    /// Drives `future` to its end, and gives what came of it.
    ///
    /// # Errors
    /// The reason, when it is being taken down.
    pub(crate) fn run<F: Future>(&self, future: F) -> Result<F::Output, String> {
        let runtime = self.0.as_ref().ok_or_else(|| "it is being taken down".to_owned())?;
        Ok(runtime.block_on(future))
    }
}

impl Drop for Runtime {
    /// Does not wait for a name that is still being looked up.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
