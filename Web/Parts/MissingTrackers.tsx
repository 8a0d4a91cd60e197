import { t } from '../Text/Language.ts';

interface MissingTrackersProps {
  /** Kind of items that may be missing. */
  readonly items: 'files' | 'peers';
  /** Trackers that answered, and those that should have; undefined: not known yet. */
  readonly trackers: number | undefined;
  readonly trackersKnown: number | undefined;
}

/** Warns that an answer does not cover all trackers. */
export function MissingTrackers({ items, trackers = 0, trackersKnown = 0 }: MissingTrackersProps) {
  if (trackers === 0 || trackers >= trackersKnown) return null;
  return (
    <p class="notice" role="status">
      {t(`missingTrackers.${items}`, { answered: trackers, known: trackersKnown })}
    </p>
  );
}
