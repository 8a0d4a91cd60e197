import { type CommandForm, ShoalError, shellForm } from '../../../Shared/ShoalError.ts';
import type { ViewStyle } from '../Views/ViewStyle.ts';
import { labelledLines } from '../Views/WordWrap.ts';
import type { DiagnosisFacts, Finding } from './Finding.ts';
import { networkChecks } from './NetworkChecks.ts';
import { shareChecks } from './ShareChecks.ts';
import { systemChecks } from './SystemChecks.ts';
import { transferChecks } from './TransferChecks.ts';

export type { DiagnosisFacts, Finding } from './Finding.ts';

/**
 * Judges obstacles to sharing: one finding a check, for `download` one for each stalled download.
 * @param command - writes the commands of the hints
 */
export function diagnose(facts: DiagnosisFacts, command: CommandForm = shellForm): readonly Finding[] {
  return [
    ...shareChecks(facts, command),
    ...systemChecks(facts),
    ...networkChecks(facts, command),
    ...transferChecks(facts, command),
  ];
}

/** The failure of a diagnosis with findings that are not fine; undefined: all are. */
export function verdictOf(findings: readonly Finding[]): ShoalError | undefined {
  const count = findings.filter(({ ok }) => !ok).length;
  if (count === 0) return undefined;
  const message = count === 1 ? 'one check needs a look' : `${count} checks need a look`;
  return new ShoalError('UNHEALTHY', message, { hint: 'The lines that begin with look say what to do.' });
}

/** Column of the text beside `fine` and `look`. */
const TEXT_COLUMN = 6;

/** Each finding, with its hint below, in lines of the width. */
export function diagnosisText(
  findings: readonly Finding[],
  { paint, width }: Pick<ViewStyle, 'paint' | 'width'>,
): string {
  return findings
    .flatMap(({ ok, check, text, hint }) => {
      const [label, colour] = ok ? ['fine', paint.good] : ['look', paint.bad];
      const lines = labelledLines(label, `${check}: ${text}`, TEXT_COLUMN, width, colour);
      return ok || hint === null ? lines : [...lines, ...labelledLines('', hint, TEXT_COLUMN, width)];
    })
    .join('\n');
}
