// How a file came to be (capability `history`).

export { revisions, texts } from 'lifeos:task/history@0.1.0';
