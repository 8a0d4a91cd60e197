import { dirname, join } from 'node:path/posix';

/** Constants that bound something: bytes, items, time. */
const LIMIT = /^[A-Z][A-Z0-9_]*$/;
const LIMIT_NAME = /MAX|LIMIT|_MS$|_PER_|QUOTA|^BATCH_|^WATCHED|^KEPT/;

/**
 * Wraps every use of a limit in `globalThis.limitOf("path:NAME", NAME)`, so that one run can lift one limit of one file. The
 * declarations stay: tests that import a limit go on to see its value.
 * @param {string} path - of the source, from the root
 * @param {string} code
 */
export function wrapLimits(path, code) {
  const keys = new Map();
  for (const [, name] of code.matchAll(/^(?:export )?const ([A-Z][A-Z0-9_]*)\b/gm)) keys.set(name, path);
  for (const [, names, from] of code.matchAll(/^import \{([^}]*)\} from '(\.[^']*)';/gm))
    for (const name of names.split(',').map((each) => each.trim()))
      if (LIMIT.test(name)) keys.set(name, join(dirname(path), from));
  const skipped =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|^(?:import|export) \{[^}]*\}[^;]*;|^(?:export )?const [A-Z][A-Z0-9_]*\b|typeof [A-Z][A-Z0-9_]*\b|(?<![\w.$])[A-Z][A-Z0-9_]*\b(?!['\w]|\s*:(?!:))/gm;
  return code.replace(skipped, (text) => {
    const home = LIMIT.test(text) && LIMIT_NAME.test(text) ? keys.get(text) : undefined;
    return home === undefined ? text : `globalThis.limitOf(${JSON.stringify(`${home}:${text}`)}, ${text})`;
  });
}
