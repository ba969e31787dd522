// Listing and reading the base commit (capability `read`).

import { listFiles, readFile } from 'lifeos:task/repo@0.1.0';

/** The paths that match a pattern, in byte order. */
export function allFiles(pattern) {
  const paths = [];
  let after;
  do {
    const page = listFiles(pattern, after);
    for (const entry of page.entries) paths.push(entry.path);
    after = page.next;
  } while (after != null);
  return paths;
}

/** A document, or null: there is no such file, it is no text, it is not granted. */
export function read(path) {
  try {
    return readFile(path);
  } catch {
    return null;
  }
}
