/**
 * Moves the command word before the options that a user typed in front of it: `--json search x` → `search --json x`.
 * @param takesValue - whether the word after this option is its value
 */
export function commandFirst(args: readonly string[], takesValue: (option: string) => boolean): string[] {
  let at = 0;
  for (let arg = args[at]; arg?.startsWith('-') && arg !== '--'; arg = args[at])
    at += takesValue(arg) ? 2 : 1;
  const word = args[at];
  if (word === undefined || word === '--') return [...args];
  return [word, ...args.slice(0, at), ...args.slice(at + 1)];
}
