import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ViewStyle } from '../Views/ViewStyle.ts';
import type { DiagnosisFacts, Finding } from './Finding.ts';
import { networkChecks } from './NetworkChecks.ts';
import { shareChecks } from './ShareChecks.ts';
import { systemChecks } from './SystemChecks.ts';
import { transferChecks } from './TransferChecks.ts';

export type { DiagnosisFacts, Finding } from './Finding.ts';

/** Judges obstacles to sharing: one finding a check, for `download` one for each stalled download. */
export function diagnose(facts: DiagnosisFacts): readonly Finding[] {
  return [...shareChecks(facts), ...systemChecks(facts), ...networkChecks(facts), ...transferChecks(facts)];
}

/** The failure of a diagnosis with findings that are not fine; undefined: all are. */
export function verdictOf(findings: readonly Finding[]): ShoalError | undefined {
  const count = findings.filter(({ ok }) => !ok).length;
  if (count === 0) return undefined;
  const message = count === 1 ? 'one check needs a look' : `${count} checks need a look`;
  return new ShoalError('UNHEALTHY', message, { hint: 'The lines that begin with look say what to do.' });
}

/** One line for each finding, with its hint below. */
export function diagnosisText(findings: readonly Finding[], { paint }: Pick<ViewStyle, 'paint'>): string {
  return findings
    .map(({ ok, check, text, hint }) => {
      const head = `${ok ? paint.good('fine') : paint.bad('look')}  ${check}: ${text}`;
      return ok || hint === null ? head : `${head}\n      ${hint}`;
    })
    .join('\n');
}
