// Short ways to make the contract's words. Offsets are those of JavaScript strings; the host counts bytes, and what is
// made here is counted so.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const length = (text) => encoder.encode(text).length;

/** The owner's options over the defaults. The run ends at one that has another name or type. */
export function chosen(options, defaults) {
  const kind = (value) => (Array.isArray(value) ? 'array' : typeof value);
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, key)) {
      throw new Error(`options: there is no \`${key}\`; there are: ${Object.keys(defaults).join(', ') || 'none'}`);
    }
    if (kind(value) !== kind(defaults[key])) {
      throw new Error(`options: \`${key}\` is of another type than ${JSON.stringify(defaults[key])}`);
    }
  }
  return { ...defaults, ...options };
}

/** Characters `start` to `end` of a document. */
export function span(document, start, end) {
  const first = length(document.text.slice(0, start));
  return { start: first, end: first + length(document.text.slice(start, end)) };
}

/** New text for characters `start` to `end` of a document. */
export function replacement(document, start, end, text) {
  return { span: span(document, start, end), text };
}

/** Something seen: in the repository, in a file (`path`), or at characters of a document. */
function finding(severity, rule, message, { document, start, end, path, help, repaired = false } = {}) {
  const where = start === undefined ? undefined : span(document, start, end);
  return { rule, severity, path: path ?? document?.path, span: where, message, help, repaired };
}

/** Something that is wrong. */
export const error = (rule, message, more) => finding('error', rule, message, more);
/** Something that should be better. */
export const warning = (rule, message, more) => finding('warning', rule, message, more);
/** Something to know. */
export const note = (rule, message, more) => finding('note', rule, message, more);

/** The answer for one document. */
export class Report {
  findings = [];
  replacements = [];
  summary = new Uint8Array();

  /** A finding and the replacement that takes care of it; only the finding where no edit could pass. */
  repair(document, seen, replacement) {
    this.findings.push({ ...seen, repaired: document.editable });
    if (document.editable) this.replacements.push(replacement);
  }

  /** Keeps a value of this document for `conclude`. */
  summarize(value) {
    this.summary = encoder.encode(JSON.stringify(value));
  }
}

/** The value that `summarize` kept. */
export const summarized = (data) => JSON.parse(decoder.decode(data));

/** What a plugin may ask for. */
export const Edit = {
  /** Replaces parts of a document. */
  replace: ({ path, id }, replacements) => ({ tag: 'change', val: { path, id, replacements } }),
  /** Gives a document a new text. */
  rewrite: (document, text) => Edit.replace(document, [replacement(document, 0, document.text.length, text)]),
  /** Makes a file that is not there. */
  create: (path, text) => ({ tag: 'create', val: { path, text } }),
  /** Removes a document. */
  delete: ({ path, id }) => ({ tag: 'delete', val: { path, id } }),
};
