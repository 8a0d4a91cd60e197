import { expect, test } from 'vitest';
import { Closing } from '../../../Shared/Async/Closing.ts';

test('closes in reverse order, one after the other, once', async () => {
  const closing = new Closing();
  const order: string[] = [];
  closing.add(() => void order.push('first'));
  closing.add(async () => {
    order.push('second begins');
    await Promise.resolve();
    order.push('second ends');
  });
  expect(closing.started).toBe(false);
  const both = [closing.run(), closing.run()];
  expect(closing.started).toBe(true);
  await Promise.all(both);
  await closing.run();
  expect(order).toEqual(['second begins', 'second ends', 'first']);
});

test('a failed step does not stop others; the first failure is thrown at the end', async () => {
  const closing = new Closing();
  const order: number[] = [];
  for (const step of [1, 2, 3]) {
    closing.add(() => {
      order.push(step);
      if (step > 1) throw new Error(`step ${step}`);
    });
  }
  await expect(closing.run()).rejects.toThrow('step 3');
  expect(order).toEqual([3, 2, 1]);
});

test('resources opened while closing runs are closed, too', async () => {
  const closing = new Closing();
  const order: string[] = [];
  closing.add(async () => {
    closing.add(() => void order.push('opened meanwhile'));
    order.push('first');
  });
  await closing.run();
  expect(order).toEqual(['first', 'opened meanwhile']);
});

test('resources opened after closing are closed at once, and their failure reaches the next run()', async () => {
  const closing = new Closing();
  await closing.run();
  const order: string[] = [];
  closing.add(() => void order.push('late'));
  await closing.run();
  expect(order).toEqual(['late']);
  closing.add(() => {
    throw new Error('too late');
  });
  await expect(closing.run()).rejects.toThrow('too late');
});
