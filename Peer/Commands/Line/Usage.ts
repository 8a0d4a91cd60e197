import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CommandCall, ConsoleCommand, FlagSpec } from '../Command.ts';

/** Flag of every command. */
export const JSON_FLAG: FlagSpec = { name: '--json', summary: 'one line of JSON instead of text' };

/** Most arguments of a form with `<repeated...>`. */
const REPEATED_MAX = 64;

/** A flag of a form, with its value. */
const FLAG = /\[?--[a-z-]+( <[a-z]+>)?\]?/g;

/** Fewest and most arguments over all forms of a command. */
export function argumentRange({ usage }: ConsoleCommand): { readonly min: number; readonly max: number } {
  const forms = usage.map((form) => form.replace(FLAG, '').split(' ').filter(Boolean));
  const required = forms.map((words) => words.filter((word) => !word.startsWith('[')).length);
  const most = forms.map((words) =>
    words.some((word) => word.includes('...')) ? REPEATED_MAX : words.length,
  );
  return { min: Math.min(...required), max: Math.max(...most) };
}

/** `download <file|id|folder/> [--wait]`, one line per form. */
export function usageLines(name: string, { usage }: ConsoleCommand): string[] {
  return usage.map((form) => `${name} ${form}`.trimEnd());
}

/** A USAGE error whose hint lists the forms of the command. */
export function usageError({ name, command }: CommandCall, message: string, more = ''): ShoalError {
  return new ShoalError('USAGE', message, {
    hint: (form) => `Usage: ${usageLines(name, command).map(form).join(' | ')}${more}`,
  });
}

export function notHostAndPort(call: CommandCall, host: string, port: string): ShoalError {
  return usageError(call, `"${safeText(host)} ${safeText(port)}" is not a host and a port`);
}
