import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';

/** Words that a shell completes after the name of a command. */
export type CompletedWords = 'files' | 'shells' | 'commands' | 'nothing';

/** One command as shells complete it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly flags: readonly string[];
  /** Flags whose value is a path. */
  readonly pathFlags: readonly string[];
  readonly completes: CompletedWords;
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Script with which a shell completes `shoal`. @throws ShoalError USAGE for another shell */
export function completionScript(shell: string, commands: readonly CompletedCommand[]): string {
  if (shell === 'bash') return bash(commands);
  if (shell === 'zsh') return zsh(commands);
  if (shell === 'fish') return fish(commands);
  throw new ShoalError('USAGE', `no completion script for the shell "${safeText(shell.slice(0, 40))}"`, {
    hint: `Supported: ${SHELLS.join(', ')}. Example: source <(shoal completion bash)`,
  });
}

function bash(commands: readonly CompletedCommand[]): string {
  const flags = commands.map(({ name, flags: own }) => `    ${name}) flags='${own.join(' ')}' ;;`);
  const named = (kind: CompletedCommand['completes']) =>
    commands
      .filter((each) => each.completes === kind)
      .map((each) => each.name)
      .join('|') || '""';
  return `# shoal for bash. Load it with: source <(shoal completion bash)
_shoal() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" flags=''
  local commands='${namesOf(commands)}'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=( $(compgen -W "$commands" -- "$current") )
    return
  fi
  case "$before" in
    ${pathFlagsOf(commands).join('|')}) _shoal_paths "$current"; return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=( $(compgen -W "$flags" -- "$current") ); return ;;
  esac
  case "$COMP_CWORD \${COMP_WORDS[1]}" in
    ${oneWord(named('shells'))}) COMPREPLY=( $(compgen -W '${SHELLS.join(' ')}' -- "$current") ) ;;
    ${oneWord(named('commands'))}) COMPREPLY=( $(compgen -W "$commands" -- "$current") ) ;;
  esac
  case "\${COMP_WORDS[1]}" in
    ${named('files')}) _shoal_paths "$current" ;;
  esac
}
_shoal_paths() {
  local IFS=$'\\n' # Names with spaces are one candidate.
  compopt -o filenames 2>/dev/null
  COMPREPLY=( $(compgen -f -- "$1") )
}
complete -F _shoal shoal
`;
}

/** Patterns for the first argument of these commands: `2 help|2 completion`. */
function oneWord(names: string): string {
  return names
    .split('|')
    .map((name) => `"2 ${name}"`)
    .join('|');
}

function zsh(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'`);
  const cases = commands.map(({ name, flags, completes }) => {
    const rest = {
      files: ' && _files',
      shells: ` && (( CURRENT == 3 )) && compadd ${SHELLS.join(' ')}`,
      commands: ' && (( CURRENT == 3 )) && compadd -- $names',
      nothing: '',
    }[completes];
    return `    ${name}) if [[ "$PREFIX" == -* ]]; then compadd -- ${flags.join(' ')}; else true${rest}; fi ;;`;
  });
  return `#compdef shoal
# shoal for zsh. Load it with: source <(shoal completion zsh)
_shoal() {
  local -a commands names
  commands=(
${described.join('\n')}
  )
  names=(${namesOf(commands)})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[CURRENT-1]" in
    ${pathFlagsOf(commands).join('|')}) _files; return ;;
  esac
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _shoal shoal
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, flags, pathFlags, completes }) => {
    const after = `-n '__fish_seen_subcommand_from ${name}'`;
    const words = {
      shells: SHELLS.join(' '),
      commands: namesOf(commands),
      files: undefined,
      nothing: undefined,
    };
    const choices = words[completes];
    return [
      `complete -c shoal -n __fish_use_subcommand -a ${name} -d '${plain(summary)}'`,
      ...flags.map((flag) => {
        const spelt = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
        return `complete -c shoal ${after} ${spelt}${pathFlags.includes(flag) ? ' -r -F' : ''}`;
      }),
      ...(completes === 'files' ? [`complete -c shoal ${after} -F`] : []),
      ...(choices === undefined ? [] : [`complete -c shoal ${after} -a '${choices}'`]),
    ];
  });
  return [
    '# shoal for fish. Load it with: shoal completion fish | source',
    'complete -c shoal -f',
    ...lines,
    '',
  ].join('\n');
}

function pathFlagsOf(commands: readonly CompletedCommand[]): string[] {
  return [...new Set(commands.flatMap(({ pathFlags }) => pathFlags))];
}

function namesOf(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name }) => name).join(' ');
}

/** Removes characters with a meaning between single quotes. */
function plain(text: string): string {
  return text.replace(/['\\]/g, '');
}
