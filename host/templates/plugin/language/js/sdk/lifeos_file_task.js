// The component's world `file-task`, made of the functions of `plugin.js`. An exception ends the run with its words.

import * as plugin from '../plugin.js';
import { summarized } from './words.js';

let options = {};

export function configure(settings) {
  const given = JSON.parse(settings.options);
  options = plugin.configure ? answer(() => plugin.configure(given)) : given;
}

export function check(document) {
  return answer(() => plugin.check(document, options));
}

export function conclude(summaries) {
  if (!plugin.conclude) return { findings: [], edits: [] };
  const kept = summaries.filter(({ data }) => data.length > 0).map(({ path, data }) => [path, summarized(data)]);
  return answer(() => ({ findings: [], edits: [], ...plugin.conclude(new Map(kept), options) }));
}

function answer(ask) {
  try {
    return ask();
  } catch (error) {
    throw String(error);
  }
}
