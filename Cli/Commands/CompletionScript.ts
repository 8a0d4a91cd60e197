import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';

/** Words that a shell completes after the name of a command. */
export type CompletedWords = 'files' | 'shells' | 'commands' | 'nothing';

/** One command as shells complete it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly flags: readonly string[];
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
  local current="\${COMP_WORDS[COMP_CWORD]}" flags=''
  local commands='${namesOf(commands)}'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=( $(compgen -W "$commands" -- "$current") )
    return
  fi
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=( $(compgen -W "$flags" -- "$current") ); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
    ${named('shells')}) COMPREPLY=( $(compgen -W '${SHELLS.join(' ')}' -- "$current") ) ;;
    ${named('commands')}) COMPREPLY=( $(compgen -W "$commands" -- "$current") ) ;;
    ${named('files')}) COMPREPLY=( $(compgen -f -- "$current") ) ;;
  esac
}
complete -o filenames -F _shoal shoal
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'`);
  const cases = commands.map(({ name, flags, completes }) => {
    const rest = {
      files: ' && _files',
      shells: ` && compadd ${SHELLS.join(' ')}`,
      commands: ' && compadd -- $names',
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
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _shoal shoal
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, flags, completes }) => {
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
      ...flags.map((flag) =>
        flag.startsWith('--')
          ? `complete -c shoal ${after} -l ${flag.slice(2)}`
          : `complete -c shoal ${after} -s ${flag.slice(1)}`,
      ),
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

function namesOf(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name }) => name).join(' ');
}

/** Removes characters with a meaning between single quotes or in a list of zsh. */
function plain(text: string): string {
  return text.replaceAll("'", '').replaceAll(':', ',').replaceAll('\\', '');
}
