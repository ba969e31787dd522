// Proposing edits from a task (capability `edit`).

import { propose as ask } from 'lifeos:task/edits@0.1.0';

/** Whether the host took the edit; why it did not stands in the report of the run. */
export function propose(edit) {
  try {
    ask(edit);
    return true;
  } catch {
    return false;
  }
}
