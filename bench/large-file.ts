import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, writeRandomFile } from './Files.ts';
import { PATIENCE_MS, Rig, untilShared, usage } from './Rig.ts';

/** One large file from two peers over loopback: rate, CPU and memory of each process; byte-equal. */
export async function run(gibibytes = 4): Promise<void> {
  const rig = await Rig.make();
  try {
    const bytes = gibibytes * 2 ** 30;
    await writeRandomFile(join(rig.folder, 'large.bin'), bytes);
    const seeders = await Promise.all(['seeder-1', 'seeder-2'].map((name) => rig.peer(name)));
    for (const name of ['seeder-1', 'seeder-2']) {
      await link(join(rig.folder, 'large.bin'), join(rig.share(name), 'large.bin'));
    }
    for (const seeder of seeders) await untilShared(seeder, 1);
    const before = await Promise.all(seeders.map((seeder) => usage(seeder.pid)));
    const leecher = await rig.peer('leecher');
    const ownBefore = await usage(leecher.pid);
    const started = performance.now();
    await leecher.ask('download large.bin', /is done/, PATIENCE_MS);
    const seconds = (performance.now() - started) / 1_000;
    const after = await Promise.all([...seeders, leecher].map((program) => usage(program.pid)));
    const equal =
      (await hashFile(join(rig.folder, 'large.bin'))) ===
      (await hashFile(join(rig.share('leecher'), 'large.bin')));
    if (!equal) throw new Error('the copy differs');
    console.log(
      `${gibibytes} GiB from two peers: ${seconds.toFixed(2)} s, ${(bytes / 1e9 / seconds).toFixed(2)} GB/s, byte-equal`,
    );
    for (const [index, name] of ['seeder-1', 'seeder-2', 'leecher'].entries()) {
      const cpu = (after[index]?.cpuSeconds ?? 0) - ([...before, ownBefore][index]?.cpuSeconds ?? 0);
      console.log(`  ${name}: ${cpu.toFixed(2)} CPU s, peak ${after[index]?.peakMiB.toFixed(0)} MiB`);
    }
  } finally {
    await rig.close();
  }
}
