//! Words of the interface `model`, from the guest's to ours and back.

use super::wit::model as wit;
use crate::budget;
use crate::model::answer::{Fault, Refusal, Reply};
use crate::model::request::{RawRequest, Role, Template};

pub(super) fn asked(request: wit::Request) -> RawRequest {
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
    RawRequest { prompt, messages, output_tokens_max, temperature, schema, stop }
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
        Refusal::OverBudget { window, bound, left } => {
            wit::Refusal::OverBudget(wit::Shortage { window: self::window(window), bound: self::bound(bound), left })
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

fn window(window: budget::Window) -> wit::Window {
    match window {
        budget::Window::Call => wit::Window::Call,
        budget::Window::Run => wit::Window::Run,
        budget::Window::TaskDay => wit::Window::TaskDay,
        budget::Window::TaskMonth => wit::Window::TaskMonth,
        budget::Window::Day => wit::Window::Day,
        budget::Window::Month => wit::Window::Month,
    }
}

fn bound(bound: budget::Bound) -> wit::Bound {
    match bound {
        budget::Bound::Calls => wit::Bound::Calls,
        budget::Bound::Tokens => wit::Bound::Tokens,
        budget::Bound::Cost => wit::Bound::Cost,
    }
}
