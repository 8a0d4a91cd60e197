/** `npm run bench` runs all, `npm run bench -- <name> …` some. SHOAL_BENCH_DIR says where the files lie (/dev/shm: memory). */
const benches = {
  'large-file': () => import('./large-file.ts'),
  'kill-resume': () => import('./kill-resume.ts'),
  'small-files': () => import('./small-files.ts'),
  restart: () => import('./restart.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(
    `error: no bench is called ${unknown.join(', ')}\nhint: there are ${Object.keys(benches).join(', ')}`,
  );
  process.exit(2);
}
for (const [name, load] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`== ${name}`);
  await (await load()).run();
}
