import { createRequire } from 'node:module';

/** An incremental BLAKE3 hasher, for one use. The digest is 32 bytes as lower-case hex. */
export interface Blake3 {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/**
 * The hash functions: native where a prebuilt binary exists (6 to 7 GB/s per core), else WebAssembly. Both are part
 * of their packages; nothing is compiled or downloaded.
 */
export const { createBlake3, blake3Of }: Kit = await loadNative().catch(loadWebAssembly);

interface Kit {
  readonly createBlake3: () => Blake3;
  /** Hashes bytes at once, for small ones in less than half the time of a hasher. */
  readonly blake3Of: (bytes: Uint8Array) => string;
}

/** Idle native hashers kept for reuse. */
const IDLE_MAX = 64;

async function loadNative(): Promise<Kit> {
  const { Blake3Hasher } = await loadLibrary();
  // Creating a native hasher costs more than hashing 64 KiB, so they are reused.
  const idle: InstanceType<typeof Blake3Hasher>[] = [];
  const whole = new Blake3Hasher();
  const blake3Of = (bytes: Uint8Array): string => {
    whole.update(asBuffer(bytes));
    const hash = whole.digest('hex');
    whole.reset();
    return hash;
  };
  const createBlake3 = (): Blake3 => {
    let hasher: InstanceType<typeof Blake3Hasher> | undefined = idle.pop() ?? new Blake3Hasher();
    return {
      update: (bytes) => {
        hasher?.update(asBuffer(bytes));
      },
      digest: () => {
        if (hasher === undefined) throw new Error('digest() twice');
        const hash = hasher.digest('hex');
        hasher.reset();
        if (idle.length < IDLE_MAX) idle.push(hasher);
        hasher = undefined;
        return hash;
      },
    };
  };
  return { createBlake3, blake3Of };
}

/**
 * The library, on most machines without its loader: to learn which C library Linux has, that one asks for a report of
 * the process, which takes 8 ms at the start of the program and of each thread. npm installs the binary of the machine
 * alone, and a wrong one does not load.
 */
async function loadLibrary(): Promise<typeof import('@napi-rs/blake-hash')> {
  const require = createRequire(import.meta.url);
  for (const processor of ['x64', 'arm64']) {
    try {
      return require(`@napi-rs/blake-hash-linux-${processor}-gnu`);
    } catch {
      // Another machine, or without a binary.
    }
  }
  return import('@napi-rs/blake-hash');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** hash-wasm creates hashers asynchronously, so one instance loads and saves the state of each. */
async function loadWebAssembly(): Promise<Kit> {
  const { createBLAKE3 } = await import('hash-wasm');
  const shared = await createBLAKE3();
  const fresh = shared.init().save();
  const createBlake3 = (): Blake3 => {
    let state = fresh;
    return {
      update: (bytes) => {
        state = shared.load(state).update(bytes).save();
      },
      digest: () => shared.load(state).digest('hex'),
    };
  };
  return { createBlake3, blake3Of: (bytes) => shared.init().update(bytes).digest('hex') };
}
