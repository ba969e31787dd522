//! One call through a door: its attempts, what each takes of the purse, and the second
//! try where an answer is not of its schema.

use std::time::Instant;

use super::super::answer::{Answer, Ending, Fault, Reply};
use super::super::error::{Failure, ModelError};
use super::super::request::{Message, Request, Role};
use super::super::schema::Schema;
use super::super::worst;
use super::{Door, Live};
use crate::budget::purse::Settled;
use crate::budget::{Sum, Tokens};
use crate::http::patience::Attempts;
use crate::trace::Sent;

/// One call: its attempts share a deadline, and what they take is counted together.
pub(super) struct Call<'c> {
    door: &'c Door,
    live: &'c Live,
    deadline: Instant,
    taken: Sum,
    sent: &'c mut Sent,
}

impl<'c> Call<'c> {
    /// A call that nothing was sent for; `sent` is told of what is.
    pub(super) fn new(door: &'c Door, live: &'c Live, deadline: Instant, sent: &'c mut Sent) -> Self {
        live.provider.model().clone_into(&mut sent.model);
        Self { door, live, deadline, taken: Sum::default(), sent }
    }

    /// Asks, and a second time if the answer is not what was asked for.
    pub(super) fn answered(mut self, request: Request, schema: Option<&Schema>) -> Result<Reply, ModelError> {
        let answer = self.attempts(&request)?;
        let (fault, reason) = match self.door.held(&answer, schema) {
            Ok(text) => return Ok(self.reply(text, &answer)),
            Err(fault) => fault,
        };
        if !matches!(fault, Fault::NotJson | Fault::NotOfSchema) {
            return Err(ModelError::Invalid(fault));
        }
        let said = self.door.cleaned(&answer.text);
        let wrong = format!("That is not what was asked for: {reason}. Answer with the JSON alone.");
        let mut again = request;
        again.messages.push(Message { role: Role::Assistant, text: said });
        again.messages.push(Message { role: Role::User, text: wrong });
        let answer = match self.attempts(&again) {
            // What is wrong is the answer; that there is no money for another says less.
            Err(ModelError::Over(_)) => return Err(ModelError::Invalid(fault)),
            answer => answer?,
        };
        let text = self.door.held(&answer, schema).map_err(|(fault, _)| ModelError::Invalid(fault))?;
        Ok(self.reply(text, &answer))
    }

    /// One request, as often as it helps.
    fn attempts(&mut self, request: &Request) -> Result<Answer, ModelError> {
        let body = self.live.provider.body(request);
        let most = worst(self.live.provider.as_ref(), &body, request);
        let mut attempts = Attempts::new(self.door.terms.patience.first_wait, self.deadline);
        let mut failed: Option<ModelError> = None;
        loop {
            let failure = match (self.attempt(&body, most), failed) {
                // Another attempt would go over a bound: the one before says why there is no answer.
                (Err(ModelError::Over(_)), Some(before)) => return Err(before),
                (sent, _) => match sent? {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                },
            };
            let pause = attempts.pause(failure.wait).filter(|_| failure.may_repeat && self.door.may_retry());
            let Some(pause) = pause else { return Err(failure.error) };
            std::thread::sleep(pause);
            failed = Some(failure.error);
        }
    }

    /// One attempt, paid for.
    fn attempt(&mut self, body: &[u8], most: Tokens) -> Result<Result<Answer, Failure>, ModelError> {
        let Self { door, live, deadline, .. } = *self;
        if Instant::now() >= deadline {
            // An answer cannot come in time, and would be paid for.
            return Err(ModelError::TimedOut);
        }
        let reserved = live.purse.reserve(most, self.taken, live.clock.now())?;
        let begun = Instant::now();
        let sent = live.provider.send(body, deadline.min(begun + door.terms.patience.attempt));
        let is_first = self.sent.attempts == 0;
        door.with(|traffic| {
            traffic.calls += u64::from(is_first);
            traffic.attempts += 1;
            traffic.waited += begun.elapsed();
        });
        let settled = match &sent {
            Ok(answer) => answer.tokens.map_or(Settled::Worst, Settled::Real),
            Err(failure) if failure.is_free => Settled::Free,
            Err(_) => Settled::Worst,
        };
        self.taken = self.taken.plus(live.purse.settle(reserved, settled));
        self.note(sent.as_ref().ok());
        let inert = |failure: Failure| Failure { error: failure.error.cleaned(&|words| door.cleaned(words)), ..failure };
        Ok(sent.map_err(inert).and_then(|answer| door.admitted(live.provider.model(), answer)))
    }

    /// Notes an attempt, and who answered it.
    fn note(&mut self, answer: Option<&Answer>) {
        let Self { door, taken: Sum { tokens, cost, .. }, .. } = *self;
        self.sent.attempts += 1;
        (self.sent.input_tokens, self.sent.output_tokens, self.sent.cost) = (tokens.input, tokens.output, cost);
        if let Some(Answer { model, id, .. }) = answer {
            [self.sent.answered, self.sent.id] = [model, id].map(|word| word.as_ref().map(|word| door.word(word)));
        }
    }

    fn reply(&self, text: String, answer: &Answer) -> Reply {
        let Sum { tokens, cost, .. } = self.taken;
        Reply { text, stopped: answer.ending == Ending::Stopped, tokens, cost }
    }
}
