import { execFile } from 'node:child_process';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A library for LD_PRELOAD: counts system calls on files below one folder, and lets some of them fail. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control { int64_t calls, from, to, code; };
static volatile struct control *control;
static const char *below;

__attribute__((constructor)) static void begin(void) {
  int fd = openat(AT_FDCWD, getenv("SHOAL_FAULT_CONTROL"), O_RDWR);
  if (fd < 0) return;
  control = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  below = getenv("SHOAL_FAULT_BELOW");
}

static int fails(const char *path) {
  if (!below || !path || strncmp(path, below, strlen(below))) return 0;
  int64_t call = __sync_add_and_fetch(&control->calls, 1);
  if (call < control->from || call >= control->to) return 0;
  errno = (int)control->code;
  return 1;
}

static int fails_at(int fd) {
  char name[64], path[4096];
  if (!below) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags) mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE(flags) return fails(path) ? -1 : REAL(open)(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return fails(path) ? -1 : REAL(open64)(path, flags, mode); }
ssize_t write(int fd, const void *bytes, size_t count) { return fails_at(fd) ? -1 : REAL(write)(fd, bytes, count); }
ssize_t writev(int fd, const struct iovec *b, int n) { return fails_at(fd) ? -1 : REAL(writev)(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { return fails_at(fd) ? -1 : REAL(pwrite)(fd, b, n, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { return fails_at(fd) ? -1 : REAL(pwrite64)(fd, b, n, at); }
ssize_t pwritev(int fd, const struct iovec *b, int n, off_t at) { return fails_at(fd) ? -1 : REAL(pwritev)(fd, b, n, at); }
ssize_t pwritev64(int fd, const struct iovec *b, int n, off64_t at) { return fails_at(fd) ? -1 : REAL(pwritev64)(fd, b, n, at); }
int fsync(int fd) { return fails_at(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails_at(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate64(int fd, off64_t length) { return fails_at(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int link(const char *from, const char *to) { return fails(to) ? -1 : REAL(link)(from, to); }
int rename(const char *from, const char *to) { return fails(to) ? -1 : REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : REAL(mkdir)(path, mode); }
`;

/** Error numbers of this system, by name. */
const ERRNO: Readonly<Record<string, number>> = constants.errno;

/** Controls the faults of one program. */
export class FaultLibrary {
  readonly env: Readonly<Record<string, string>>;
  readonly #control: FileHandle;

  private constructor(env: Readonly<Record<string, string>>, control: FileHandle) {
    this.env = env;
    this.#control = control;
  }

  /** @param below - calls below this folder can fail @throws Error when there is no C compiler */
  static async build(folder: string, below: string): Promise<FaultLibrary> {
    const [source, library, control] = ['faults.c', 'faults.so', 'control'].map((name) => join(folder, name));
    await writeFile(source ?? '', SOURCE);
    await writeFile(control ?? '', Buffer.alloc(32));
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', library ?? '', source ?? '', '-ldl']);
    const env = { LD_PRELOAD: library ?? '', SHOAL_FAULT_CONTROL: control ?? '', SHOAL_FAULT_BELOW: below };
    return new FaultLibrary(env, await open(control ?? '', 'r+'));
  }

  /** Lets `length` calls fail, from call number `from`; 1 is the next one. */
  async fail(from: number, length: number, code: string): Promise<void> {
    await this.#write([0, from, from + length, ERRNO[code] ?? 5]);
  }

  async mend(): Promise<void> {
    await this.#write([0, 0, 0, 0]);
  }

  /** Number of calls since the last `fail` or `mend`. */
  async calls(): Promise<number> {
    const bytes = Buffer.alloc(8);
    await this.#control.read(bytes, 0, 8, 0);
    return Number(bytes.readBigInt64LE());
  }

  async close(): Promise<void> {
    await this.#control.close();
  }

  async #write(numbers: readonly number[]): Promise<void> {
    const bytes = Buffer.alloc(32);
    for (const [index, number] of numbers.entries()) bytes.writeBigInt64LE(BigInt(number), 8 * index);
    await this.#control.write(bytes, 0, 32, 0);
  }
}
