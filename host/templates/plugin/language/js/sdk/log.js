// Lines for the author.

import { write as tell } from 'lifeos:task/log@0.1.0';

/** Writes one line; `lifeos check` shows it. */
export const write = (text) => tell('info', String(text));
