import { request } from './Client.ts';

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** Longest event in characters; a longer one ends the stream. */
const EVENT_MAX = 4 * 1_024 * 1_024;

/**
 * Splits a stream of server-sent events. `EventSource` cannot send the header with the token, so `fetch` reads it.
 * Feed returns the events that a piece of text completes. @throws RangeError for an event above the limit
 */
export class EventParser {
  #rest = '';

  feed(text: string): StreamEvent[] {
    const blocks = (this.#rest + text.replaceAll('\r', '')).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > EVENT_MAX) throw new RangeError('event too long');
    return blocks.flatMap((block) => {
      const event = { name: 'message', data: '' };
      for (const line of block.split('\n')) {
        if (line.startsWith('event:')) event.name = line.slice(6).trim();
        if (line.startsWith('data:')) event.data += line.slice(5).trimStart();
      }
      return event.data === '' ? [] : [event];
    });
  }
}

/** Reads events until the stream ends. @throws ApiError, or an AbortError */
export async function readEvents(onEvent: (event: StreamEvent) => void, signal: AbortSignal): Promise<void> {
  const response = await request('/api/v1/events', { signal });
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.feed(decoder.decode(value, { stream: true }))) onEvent(event);
  }
}
