import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createBlake3 } from '../../Protocol/Blake3.ts';

/**
 * Program: `node Yardstick.js <source> <folder> <files>`. Copies and hashes the payload of a transfer in the simplest
 * way, and prints the CPU seconds of each part as JSON: the current speed of this machine.
 */
const [source = '', folder = '', files = '0'] = process.argv.slice(2);
const seconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
mkdirSync(folder);

const started = seconds();
const [from, to] = [openSync(source, 'r'), openSync(join(folder, 'copy'), 'wx')];
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
for (let count = readSync(from, buffer); count > 0; count = readSync(from, buffer)) {
  const hasher = createBlake3();
  hasher.update(buffer.subarray(0, count));
  hasher.digest();
  writeSync(to, buffer, 0, count);
}
closeSync(from);
closeSync(to);

const large = seconds();
const small = buffer.subarray(0, 4_096);
for (let index = 0; index < Number(files); index++) {
  const path = join(folder, String(index));
  writeFileSync(path, small, { flag: 'wx' });
  renameSync(path, `${path}.bin`);
  const hasher = createBlake3();
  hasher.update(readFileSync(`${path}.bin`));
  hasher.digest();
}
console.log(JSON.stringify({ large: large - started, small: seconds() - large }));
rmSync(folder, { recursive: true });
