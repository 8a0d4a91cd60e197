/** Names of limits: on bytes, items, or time. */
const LIMIT = /^[A-Z][A-Z0-9_]*$/;
const LIMIT_NAME = /MAX|LIMIT|_MS$|_PER_|QUOTA|^BATCH_|^WATCHED|^KEPT/;

/**
 * Wraps every use of a limit in `globalThis.limitOf("path:NAME", NAME)`, so that one run can lift one limit in one
 * file. The declarations stay: tests that import a limit still see its value.
 * @param {string} path - of the source, from the root
 * @param {string} code
 */
export function wrapLimits(path, code) {
  const constants = new Set();
  for (const [, name] of code.matchAll(/^(?:export )?const ([A-Z][A-Z0-9_]*)\b/gm)) constants.add(name);
  for (const [, names] of code.matchAll(/^import \{([^}]*)\} from '\.[^']*';/gm))
    for (const name of names.split(',')) constants.add(name.trim());
  const skipped =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|^(?:import|export) \{[^}]*\}[^;]*;|^(?:export )?const [A-Z][A-Z0-9_]*\b|typeof [A-Z][A-Z0-9_]*\b|(?<![\w.$])[A-Z][A-Z0-9_]*\b(?!['\w]|\s*:(?!:))/gm;
  return code.replace(skipped, (text) => {
    const isLimit = LIMIT.test(text) && LIMIT_NAME.test(text) && constants.has(text);
    return isLimit ? `globalThis.limitOf(${JSON.stringify(`${path}:${text}`)}, ${text})` : text;
  });
}

/** The keys of all uses in a source, each once. */
export function limitsOf(path, code) {
  return new Set(
    [...wrapLimits(path, code).matchAll(/globalThis\.limitOf\("([^"]+)"/g)].map(([, key]) => key),
  );
}
