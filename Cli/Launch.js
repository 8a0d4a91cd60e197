import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

/**
 * How much of a function V8 runs (in bytes of its bytecode) before it compiles it anew, optimised; its own default is
 * 67,584. A peer's hot path is a hundred small functions around a few large copies: optimising them early cost a short
 * download more than it saved; much later costs folders of thousands of small files (docs/contributing/performance.md).
 */
const CALM_BUDGET = 200_000;
/** Newer ones do not have that setting (Node 24: V8 13), and say so on stderr at every start. */
const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/**
 * Runs a built program of this project in this process.
 * @param {'Peer' | 'Tracker' | 'Cli'} name - its folder
 */
export async function launch(name) {
  // From Node 22 on the compiled program is kept between starts, beside it: what others may write to is not run.
  module.enableCompileCache?.(fileURLToPath(new URL('../dist/.compiled', import.meta.url)));
  if (name !== 'Tracker' && V8_MAJOR < 12) v8.setFlagsFromString(`--interrupt-budget=${CALM_BUDGET}`);
  const program = new URL(`../dist/${name}/main.js`, import.meta.url);
  if (existsSync(program)) await import(program.href);
  else {
    console.error('shoal: not built yet. Run: npm run build');
    process.exit(1);
  }
}
