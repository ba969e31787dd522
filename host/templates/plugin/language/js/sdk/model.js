// Asking a model from a task (capability `model`). The host fills the templates, and keeps a digest of them.

import { complete } from 'lifeos:task/model@0.1.0';

/** Why there is no answer. `kind` is the contract's word for it, such as `not-granted` or `over-budget`. */
export class Refused extends Error {
  constructor({ tag }) {
    super(`the model was not asked, or gave no answer: ${tag}`);
    this.kind = tag;
  }
}

/** What holds for the whole conversation; first, if at all. */
export const system = (text) => ({ role: 'system', template: text, inputs: [] });

/** A message with places `{{name}}` for what was read. */
export const user = (template, inputs = {}) => ({
  role: 'user',
  template,
  inputs: Object.entries(inputs).map(([name, text]) => ({ name, text })),
});

/**
 * The text of the answer; with a schema, its value. `prompt` is a name with a version, such as `title@1`.
 * Throws `Refused`, which ends the run unless it is caught.
 */
export function ask(prompt, messages, { outputTokens = 1000, temperature, schema, stop = [] } = {}) {
  const asked = { prompt, messages, outputTokensMax: outputTokens, temperature, schema: schema && JSON.stringify(schema), stop };
  let text;
  try {
    ({ text } = complete(asked));
  } catch (error) {
    throw new Refused(error.payload ?? error);
  }
  return schema ? JSON.parse(text) : text;
}
