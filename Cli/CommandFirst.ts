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

/**
 * Removes the `--` that commander leaves among the words when an option stands before it that it does not know:
 * `swarm --once -- film` → `--once`, `film`.
 * @param literal - number of words after `--`; undefined: no `--` was typed
 */
export function withoutSeparator(words: readonly string[], literal: number | undefined): readonly string[] {
  if (literal === undefined) return words;
  const at = words.length - literal - 1;
  return words[at] === '--' ? words.toSpliced(at, 1) : words;
}
