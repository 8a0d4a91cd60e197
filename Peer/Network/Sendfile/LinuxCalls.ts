import { nativeCalls } from '../../../Shared/Program/NativeCalls.ts';
import type { Sendfile } from './Sendfile.ts';

/** Linux, the same on x64 and arm64. */
const F_DUPFD_CLOEXEC = 1_030;
const MSG_NOSIGNAL_MORE_DONTWAIT = 0x4000 | 0x8000 | 0x40;
const EFD_NONBLOCK_CLOEXEC = 0o2_004_000;
const POLLIN = 1;
const POLLOUT = 4;
/** Bytes of `struct pollfd`: descriptor (4), events (2), results (2). */
const POLLFD_BYTES = 8;

export interface LinuxCalls extends Sendfile {
  /** A second descriptor of the same open file or socket, closed on exec; undefined: none is left. */
  duplicate(descriptor: number): number | undefined;
  /** Creates an event descriptor; undefined: none is left. */
  openEvent(): number | undefined;
  raise(event: number): void;
  /**
   * Waits until one of the sockets accepts bytes or is broken, or the event was raised, which it resets.
   * @returns positions in `sockets`
   */
  poll(sockets: readonly number[], event: number, timeoutMs: number): readonly number[];
}

/** @throws Error when the optional dependency is not installed, or does not run here */
export function linuxCalls(): LinuxCalls {
  const system = nativeCalls();
  const fcntl = system.func('int fcntl(int, int, int)');
  const sendfile = system.func('long sendfile(int, int, _Inout_ int64_t *, size_t)');
  const send = system.func('long send(int, const void *, size_t, int)');
  const poll = system.func('int poll(void *, unsigned long, int)');
  const eventfd = system.func('int eventfd(unsigned int, int)');
  const read = system.func('long read(int, void *, size_t)');
  const write = system.func('long write(int, const void *, size_t)');
  const close = system.func('int close(int)');
  const one = new BigUint64Array([1n]);
  const position = new BigInt64Array(1);
  const orErrno = (result: number) => (result < 0 ? -system.errno() : result);
  const orNothing = (descriptor: number) => (descriptor < 0 ? undefined : descriptor);
  let polled = Buffer.alloc(POLLFD_BYTES * 32);
  return {
    sendHeader: (socket, bytes) => orErrno(send(socket, bytes, bytes.length, MSG_NOSIGNAL_MORE_DONTWAIT)),
    sendFile: (socket, file, from, count) => {
      position[0] = BigInt(from);
      return orErrno(sendfile(socket, file, position, count));
    },
    close: (descriptor) => void close(descriptor),
    duplicate: (descriptor) => orNothing(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)),
    openEvent: () => orNothing(eventfd(0, EFD_NONBLOCK_CLOEXEC)),
    raise: (event) => void write(event, one, one.byteLength),
    poll: (sockets, event, timeoutMs) => {
      const bytes = (sockets.length + 1) * POLLFD_BYTES;
      if (polled.length < bytes) polled = Buffer.alloc(bytes * 2);
      const all = [event, ...sockets];
      for (const [index, descriptor] of all.entries()) {
        polled.writeInt32LE(descriptor, index * POLLFD_BYTES);
        polled.writeUInt32LE(index === 0 ? POLLIN : POLLOUT, index * POLLFD_BYTES + 4);
      }
      if (poll(polled, all.length, timeoutMs) <= 0) return [];
      const isSet = (index: number) => polled.readInt16LE(index * POLLFD_BYTES + 6) !== 0;
      if (isSet(0)) read(event, new BigUint64Array(1), 8);
      return sockets.flatMap((_, index) => (isSet(index + 1) ? [index] : []));
    },
  };
}
