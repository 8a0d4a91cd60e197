import type { Disk } from '../../Peer/Files/Disk/Disk.ts';

/** Calls of `Disk` and `DiskFile` that can fail, and whether they fail by a rejected promise. */
const CALLS: Readonly<Record<string, 'throws' | 'rejects'>> = {
  create: 'throws',
  open: 'throws',
  createWhole: 'throws',
  link: 'throws',
  rename: 'throws',
  makeFolder: 'throws',
  readWhole: 'rejects',
  copy: 'rejects',
  syncFolder: 'rejects',
  write: 'rejects',
  truncate: 'rejects',
  datasync: 'rejects',
  sync: 'rejects',
};

/** A disk of which `length` calls in a row fail, from a given one. */
export class FaultyDisk {
  readonly disk: Disk;
  /** Whether a call has failed. */
  fired = false;
  #calls = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  #code = '';

  constructor(disk: Disk) {
    this.disk = this.#wrapped(disk);
  }

  /** @param from - number of the first failing call; 1 is the next one */
  fail(from: number, length: number, code: string): void {
    this.#calls = 0;
    this.#from = from;
    this.#to = from + length;
    this.#code = code;
  }

  /** The disk is sound again. */
  mend(): void {
    this.#from = Number.POSITIVE_INFINITY;
  }

  #wrapped<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const call: unknown = Reflect.get(object, name);
        if (typeof call !== 'function') return call;
        return (...values: unknown[]) => {
          const how = CALLS[String(name)];
          if (how !== undefined && this.#fails()) {
            const failure = Object.assign(new Error(`${this.#code} in ${String(name)}`), {
              code: this.#code,
            });
            if (how === 'throws') throw failure;
            return Promise.reject(failure);
          }
          const result: unknown = call.apply(object, values);
          return name === 'create' || name === 'open' ? this.#wrapped(result as object) : result;
        };
      },
    });
  }

  #fails(): boolean {
    this.#calls++;
    const fails = this.#calls >= this.#from && this.#calls < this.#to;
    this.fired ||= fails;
    return fails;
  }
}
