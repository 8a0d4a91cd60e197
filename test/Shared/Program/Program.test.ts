import { expect, test } from 'vitest';
import { Closing } from '../../../Shared/Async/Closing.ts';
import { closeWithin } from '../../../Shared/Program/Program.ts';

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('closing keeps the process alive until it is done, which nothing else may', async () => {
  const closing = new Closing();
  let end = () => {};
  closing.add(() => new Promise<void>((done) => (end = done)));
  const before = timers();
  const closed = closeWithin(60_000, closing);
  expect(timers()).toBe(before + 1);
  end();
  await closed;
  expect(timers()).toBe(before);
});

test('a step that hangs is given up at the limit, a failure is reported', async () => {
  const hanging = new Closing();
  hanging.add(() => new Promise(() => {}));
  await closeWithin(1, hanging);
  const failing = new Closing();
  failing.add(() => Promise.reject(new Error('no')));
  await expect(closeWithin(60_000, failing)).rejects.toThrow('no');
});
