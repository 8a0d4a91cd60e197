/** Names of limits: on bytes, items, or time. */
const LIMIT = /^[A-Z][A-Z0-9_]*$/;
const LIMIT_NAME = new RegExp(
  'MAX|MIN$|LIMIT|_MS$|_PER_|QUOTA|^BATCH_|^WATCHED|^KEPT|BURST|FANOUT|WINDOW|SLOTS|SHARE$|STEPS|AHEAD|' +
    '_AFTER|_ONCE|WANTED|NEWCOMER|REMEMBERED|SAMPLE|MISSED|_TRIES|ITEMS',
);
/** A rate with its name: `searches: { perSecond: 8, burst: 64 }`. */
const RATE = /\b(\w+)(?:: Rate)? ?[:=] (\{ (?:burst|perSecond): [^{},]+, (?:burst|perSecond): [^{},]+ \})/;
/** Comments, texts, imports, declarations and names; a limit is one of the names. */
const SKIPPED =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|^(?:import|export) \{[^}]*\}[^;]*;|^(?:export )?const [A-Z][A-Z0-9_]*\b|typeof [A-Z][A-Z0-9_]*\b|(?<![\w.$])[A-Z][A-Z0-9_]*\b(?!['\w]|\s*:(?!:))/;

/**
 * Wraps every use of a limit in `globalThis.limitOf("path:NAME", NAME)`, and every rate, so that one run can lift one
 * limit in one file. The declarations stay: tests that import a limit still see its value.
 * @param {string} path - of the source, from the root
 * @param {string} code
 */
export function wrapLimits(path, code) {
  const constants = new Set();
  for (const [, name] of code.matchAll(/^(?:export )?const ([A-Z][A-Z0-9_]*)\b/gm)) constants.add(name);
  for (const [, names] of code.matchAll(/^import \{([^}]*)\} from '\.[^']*';/gm))
    for (const name of names.split(',')) constants.add(name.trim());
  const lifted = (name, value) => `globalThis.limitOf(${JSON.stringify(`${path}:${name}`)}, ${value})`;
  const rates = code.replace(new RegExp(RATE, 'g'), (text, name, rate) =>
    text.replace(rate, lifted(`rate ${name}`, rate)),
  );
  return rates.replace(new RegExp(SKIPPED, 'gm'), (text) => {
    const isLimit = LIMIT.test(text) && LIMIT_NAME.test(text) && constants.has(text);
    return isLimit ? lifted(text, text) : text;
  });
}

/** The keys of all uses in a source, each once. */
export function limitsOf(path, code) {
  return new Set(
    [...wrapLimits(path, code).matchAll(/globalThis\.limitOf\("([^"]+)"/g)].map(([, key]) => key),
  );
}
