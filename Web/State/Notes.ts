import { signal } from '@preact/signals';
import { ApiError } from '../Api/Client.ts';

/** A short message at the edge of the page. */
export interface Note {
  readonly key: number;
  readonly text: string;
  readonly hint: string | undefined;
  readonly bad: boolean;
}

const SHOWN_MS = 6_000;
const NOTES_MAX = 4;

export const notes = signal<readonly Note[]>([]);
let keys = 0;

export function note(text: string, hint?: string, bad = false): void {
  const key = ++keys;
  notes.value = [...notes.value, { key, text, hint, bad }].slice(-NOTES_MAX);
  // What failed stays until it is dismissed, or others need its place.
  if (!bad) setTimeout(() => dropNote(key), SHOWN_MS);
}

export function dropNote(key: number): void {
  notes.value = notes.value.filter((other) => other.key !== key);
}

/** Runs a change; a failure becomes a message. @returns whether it succeeded */
export async function attempt(action: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await action();
    if (done !== undefined) note(done);
    return true;
  } catch (failure) {
    const hint = failure instanceof ApiError ? failure.hint : undefined;
    note(failure instanceof Error ? failure.message : String(failure), hint, true);
    return false;
  }
}
