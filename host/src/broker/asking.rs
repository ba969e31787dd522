//! Answers to what is not in the repository: a model's, and what became of the
//! round before. Nothing gives these again, so a tape holds them whole.

use std::sync::Arc;
use std::time::Instant;

use super::answer::Stop;
use super::told::{Answered, Question};
use super::{Broker, Shared};
use crate::model::answer::{Refusal, Reply};
use crate::model::door::{Completion, Held};
use crate::model::request::RawRequest;
use crate::round::Round;

impl Broker {
    /// Asks the model, if one is granted.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls, or where a tape has no answer.
    pub fn complete(&mut self, asked: &RawRequest) -> Result<Result<Reply, Refusal>, Stop> {
        let started = Instant::now();
        self.count_call()?;
        let Shared { door, policy, holds, .. } = &*self.shared;
        let Completion { request, answer, sent } = match door.as_ref().filter(|_| policy.may_ask()) {
            Some(door) => door.complete(asked, self.shared.answers_until()).map_err(Stop::Model)?,
            None => Completion { request: None, answer: Err(Refusal::NotGranted), sent: None },
        };
        let digest = request.map(|request| request.hex()).unwrap_or_default();
        let question = Question::about("model", "complete", &asked.prompt, digest.as_bytes());
        let mut call = question.call(self.document, Answered::model(&answer), started.elapsed());
        if let Some(request) = request.filter(|_| *holds) {
            let held = Held { request, answer: answer.clone() };
            call.held = serde_json::to_string(&held).ok().map(String::into_boxed_str);
        }
        call.sent = sent.map(Box::new);
        self.results.trace.push(call);
        self.shared.in_time()?;
        Ok(answer)
    }

    /// What became of the round before; none in the first, and none to who is not
    /// granted to learn it.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn previous(&mut self) -> Result<Option<Round>, Stop> {
        let started = Instant::now();
        self.count_call()?;
        let shared = Arc::clone(&self.shared);
        let is_granted = shared.policy.may_repair();
        let round = shared.round.as_ref().filter(|_| is_granted);
        let answered = Answered::round(round, is_granted);
        self.note(&Question::about("rounds", "previous", "", &[]), answered, started.elapsed());
        Ok(round.cloned())
    }
}
