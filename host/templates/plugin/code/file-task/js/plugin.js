// A plugin over documents: the host hands them to `check` one by one.

import { Report, chosen, note, replacement, warning } from './sdk/words.js';

/** Takes what the owner set in `[task.NAME.options]`; `check` gets what this returns. */
export function configure(options) {
  return chosen(options, { word: 'TODO' });
}

/** What is found in a document, and what is to change in it. */
export function check(document, { word }) {
  const report = new Report();
  const { text } = document;
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const [start, end] = [text.trimEnd().length, text.length];
  if (text !== '' && text.slice(start) !== lineBreak) {
    const seen = warning('end', 'the text does not end with one line break', { document, start, end });
    report.repair(document, seen, replacement(document, start, end, lineBreak));
  }
  for (let start = text.indexOf(word); word && start >= 0; start = text.indexOf(word, start + 1)) {
    const end = start + word.length;
    if (text[end] !== '(') {
      const help = `write ${word}(NAME)`;
      report.findings.push(note('owner', `this ${word} names nobody`, { document, start, end, help }));
    }
  }
  return report;
}
