import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { lanTest as test } from '../Support/TestLan.ts';
import { recordState } from '../Support/UpgradeState.ts';

/**
 * Records the state of this version for later ones; see CONTRIBUTING.md. SHOAL_RECORD names the new
 * folder in test/Golden/Upgrade; without it, the record is discarded.
 */
test('the state of a killed peer is recorded', async ({ lan }) => {
  const into = process.env.SHOAL_RECORD ?? join((await lan.launcher.folder()).path, 'record');
  await mkdir(into);
  await recordState(lan, into);
  expect((await readdir(join(into, 'state'))).sort()).toContain('identity.pem');
  expect((await readdir(join(into, 'Temp'))).length).toBeGreaterThan(2);
});
