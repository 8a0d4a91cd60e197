/** BLAKE3 over bytes that come in pieces; 32 bytes as lower-case hex at the end. One use each. */
export interface Blake3 {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/**
 * A new hasher: native where a prebuilt binary exists (6 to 7 GB/s a core), else WebAssembly.
 * Both ship inside their packages; nothing is compiled or downloaded.
 */
export const createBlake3: () => Blake3 = await loadNative().catch(loadWebAssembly);

async function loadNative(): Promise<() => Blake3> {
  const { Blake3Hasher } = await import('@napi-rs/blake-hash');
  return () => {
    const hasher = new Blake3Hasher();
    return {
      update: (bytes) => {
        hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      },
      digest: () => hasher.digest('hex'),
    };
  };
}

/** hash-wasm gives hashers asynchronously, so its states are saved and loaded into one instance. */
async function loadWebAssembly(): Promise<() => Blake3> {
  const { createBLAKE3 } = await import('hash-wasm');
  const shared = await createBLAKE3();
  const fresh = shared.init().save();
  return () => {
    let state = fresh;
    return {
      update: (bytes) => {
        state = shared.load(state).update(bytes).save();
      },
      digest: () => shared.load(state).digest('hex'),
    };
  };
}
