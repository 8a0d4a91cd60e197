import { chmod, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openBrowser } from '../../../Cli/Running/Browser.ts';
import { LINUX, title } from '../../Support/Requires.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

/** A folder with a program `xdg-open` that records its arguments. */
async function opener(exitCode: number) {
  const folder = await TempFolder.forTest();
  const path = await folder.write('xdg-open', `#!/bin/sh\nprintf %s "$1" > "$OUT"\nexit ${exitCode}\n`);
  await chmod(path, 0o755);
  return { PATH: `${folder.path}:${process.env.PATH}`, OUT: folder.at('out'), DISPLAY: ':0' };
}

test.skipIf(LINUX)(title('the address is one argument, whatever is in it', LINUX), async () => {
  const environment = await opener(0);
  const address = "http://127.0.0.1:9001/#token=a&b'c$(id)";
  expect(await openBrowser(address, environment, 'linux')).toBe(true);
  expect(await readFile(environment.OUT, 'utf8')).toBe(address);
});

test.skipIf(LINUX)(title('no display, no program, or a program that fails: no browser', LINUX), async () => {
  expect(await openBrowser('http://x/', { PATH: '/nonexistent' }, 'linux')).toBe(false);
  expect(await openBrowser('http://x/', { PATH: '/nonexistent', DISPLAY: ':0' }, 'linux')).toBe(false);
  expect(await openBrowser('http://x/', await opener(3), 'linux')).toBe(false);
});
