//! Words of the interface `model`, from the guest's to ours and back.

use super::wit::model as wit;
use crate::budget;
use crate::model::answer::{Fault, Refusal, Reply};
use crate::model::request::{Asked, Role, Template};

pub(super) fn asked(request: wit::Request) -> Asked {
    let wit::Request { prompt, messages, output_tokens_max, temperature, schema, stop } = request;
    let template = |wit::Message { role, template, inputs }| Template {
        role: match role {
            wit::Role::System => Role::System,
            wit::Role::User => Role::User,
            wit::Role::Assistant => Role::Assistant,
        },
        text: template,
        inputs: inputs.into_iter().map(|wit::Input { name, text }| (name, text)).collect(),
    };
    let messages = messages.into_iter().map(template).collect();
    Asked { prompt, messages, output_tokens_max, temperature, schema, stop }
}

pub(super) fn reply(reply: Reply) -> wit::Reply {
    let Reply { text, stopped, tokens, cost } = reply;
    let finish = if stopped { wit::Finish::Stopped } else { wit::Finish::Complete };
    wit::Reply { text, finish, usage: wit::Usage { input_tokens: tokens.input, output_tokens: tokens.output }, cost }
}

pub(super) fn refusal(refusal: Refusal) -> wit::Refusal {
    match refusal {
        Refusal::NotGranted => wit::Refusal::NotGranted,
        Refusal::InvalidRequest(reason) => wit::Refusal::InvalidRequest(reason),
        Refusal::TooLarge(bytes) => wit::Refusal::TooLarge(bytes),
        Refusal::OverBudget { span, bound, left } => {
            wit::Refusal::OverBudget(wit::Shortage { span: self::span(span), bound, left })
        }
        Refusal::RateLimited(seconds) => wit::Refusal::RateLimited(seconds),
        Refusal::Unavailable => wit::Refusal::Unavailable,
        Refusal::InvalidAnswer(fault) => wit::Refusal::InvalidAnswer(match fault {
            Fault::Truncated => wit::Fault::Truncated,
            Fault::Withheld => wit::Fault::Withheld,
            Fault::Empty => wit::Fault::Empty,
            Fault::NotJson => wit::Fault::NotJson,
            Fault::NotOfSchema => wit::Fault::NotOfSchema,
        }),
    }
}

fn span(span: budget::Span) -> wit::Span {
    match span {
        budget::Span::Call => wit::Span::Call,
        budget::Span::Run => wit::Span::Run,
        budget::Span::TaskDay => wit::Span::TaskDay,
        budget::Span::TaskMonth => wit::Span::TaskMonth,
        budget::Span::Day => wit::Span::Day,
        budget::Span::Month => wit::Span::Month,
    }
}
