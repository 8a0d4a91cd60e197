import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import vm from 'node:vm';

/** The file of a script's bytecode begins with the SHA-256 of the script and the bytecode. */
const DIGEST_BYTES = 32;
/** Seconds after which the time to write bytecode is small beside the run. */
const LONG_RUN_S = 2;
/**
 * Growth of the bytecode, by functions that ran for the first time, that is worth writing it again. A first download
 * adds an eighth, and the next one takes a third less CPU.
 */
const GROWTH = 1.02;

/**
 * Runs the scripts that the build writes (packaging/ScriptChunks.ts), each once, with all that they import.
 * @param {URL} scripts - their folder
 * @param {URL} [kept] - folder that keeps bytecode between starts, which take a quarter less CPU without compiling. V8
 *   trusts bytecode, so other users must not be able to write there.
 * @returns {(name: string) => Promise<Record<string, unknown>>} runs `./Peer.js`; resolves to its exports
 */
export function scriptRunner(scripts, kept) {
  const started = new Map();
  const compiled = [];
  const compile = (name) => {
    const url = new URL(name, scripts);
    if (kept === undefined) return scriptOf(url, readFileSync(url));
    if (compiled.length === 0) process.once('exit', () => keepBytecode(compiled));
    const entry = compileKept(url, new URL(`${name}.bytecode`, kept));
    compiled.push(entry);
    return entry.script;
  };
  const run = (name) => {
    if (!started.has(name)) {
      const load = (specifier) => (specifier.startsWith('./') ? run(specifier) : import(specifier));
      const url = new URL(name, scripts).href;
      started.set(name, compile(name).runInThisContext()(load, process.getBuiltinModule, { url }));
    }
    return started.get(name);
  };
  return run;
}

function scriptOf(url, source, cachedData) {
  return new vm.Script(source.toString(), { filename: fileURLToPath(url), cachedData });
}

function compileKept(url, path) {
  const source = readFileSync(url);
  const bytecode = bytecodeOf(source, path);
  const script = scriptOf(url, source, bytecode);
  return { script, source, path, keptBytes: script.cachedDataRejected ? 0 : (bytecode?.length ?? 0) };
}

function bytecodeOf(source, path) {
  try {
    const file = readFileSync(path);
    const bytecode = file.subarray(DIGEST_BYTES);
    return digest(source, bytecode).equals(file.subarray(0, DIGEST_BYTES)) ? bytecode : undefined;
  } catch {
    return undefined; // The first start.
  }
}

function keepBytecode(compiled) {
  // V8 rejects bytecode that was made with other flags: programs with many files set these (HeapGrowth.ts).
  v8.setFlagsFromString('--heap-growing-percent=0');
  v8.setFlagsFromString('--semi-space-growth-factor=2');
  const isLong = process.uptime() > LONG_RUN_S;
  for (const { script, source, path, keptBytes } of compiled) {
    if (keptBytes > 0 && !isLong) continue;
    try {
      const folder = new URL('.', path);
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      const bytecode = script.createCachedData();
      if (bytecode.length < GROWTH * keptBytes) continue;
      replaceFile(path, Buffer.concat([digest(source, bytecode), bytecode]));
    } catch {
      return; // Another user's installation, or a full disk: the next start compiles again.
    }
  }
}

/** @param {URL} path - a reader finds the old file or the new one, also beside other writers */
function replaceFile(path, bytes) {
  const written = new URL(`${path.href}.${process.pid}`);
  try {
    writeFileSync(written, bytes);
    renameSync(written, path);
  } catch (failure) {
    // Each start on a full disk would leave another one.
    rmSync(written, { force: true });
    throw failure;
  }
}

function digest(source, bytecode) {
  return createHash('sha256').update(source).update(bytecode).digest();
}
