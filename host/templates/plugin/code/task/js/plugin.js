// A plugin that runs once and asks the host for what it needs.

import { propose } from './sdk/edits.js';
import { report } from './sdk/findings.js';
import { allFiles, read } from './sdk/repo.js';
import { Edit, chosen, warning } from './sdk/words.js';

/** Keeps an index of a folder. `options` is what the owner set in `[task.NAME.options]`. */
export function run(options) {
  const { folder } = chosen(options, { folder: 'docs' });
  const index = `${folder}/index.md`;
  const paths = allFiles(`${folder}/**/*.md`).filter((path) => path !== index);
  const documents = paths.map(read).filter((document) => document !== null);
  let text = '# Index\n\n';
  for (const document of documents) {
    const path = document.path.slice(folder.length + 1);
    const title = document.text.split('\n').find((line) => line.startsWith('# '))?.slice(2) ?? path;
    text += `- [${title.trim()}](<${path}>)\n`;
  }
  const old = read(index);
  if (documents.length === 0 || old?.text === text) return;
  const repaired = propose(old ? Edit.rewrite(old, text) : Edit.create(index, text));
  report(warning('index', 'the index is not what the folder holds', { path: index, repaired }));
}
