import type { SourceSuggestion } from '../../Transfer.ts';
import type { Holdings } from './Holdings.ts';
import type { ChunkRequest } from './Takeover.ts';

/** A source of one file, as ChunkScheduler keeps it. */
export interface Member<Key> {
  readonly holdings: Holdings;
  trusted: boolean;
  /** Missing chunks that it has. */
  useful: number;
  suggestion: SourceSuggestion | undefined;
  /** When it was seen with open requests, or suggested something, last. */
  activeMs: number;
  /** When it was last asked to take over what others were asked for. */
  searchedMs: number;
  /** In the order they were asked. */
  readonly open: Map<number, ChunkRequest<Key>>;
}
