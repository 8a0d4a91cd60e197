import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { Events } from '../../../../Peer/Web/Api/Events.ts';
import type { WebOptions } from '../../../../Peer/Web/Ports.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

type News = { readonly kind: 'share'; readonly text: string };

/** Streams of events of a host whose lists never change. */
function events() {
  const clock = new SimulatedClock();
  const listeners = new Set<(news: News) => void>();
  const commands: string[] = [];
  const host = {
    run: async ({ command }: { command: string }) => {
      commands.push(command);
      return { json: '{}' };
    },
    onNews: (listener: (news: News) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const made = new Events({ clock, host } as unknown as WebOptions);
  const app = new Hono().get('/', (c) => made.answer(c));
  const tell = (text: string) => {
    for (const listener of listeners) listener({ kind: 'share', text });
  };
  return { clock, commands, listeners, tell, open: () => Promise.resolve(app.request('/')) };
}

test('256 streams are open at once; a further one is refused until one has ended', async () => {
  const { open, listeners } = events();
  const answers = [];
  for (let n = 0; n < 257; n++) answers.push(await open());
  expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 256 }, () => 200), 503]);
  await answers[0]?.body?.cancel();
  expect((await open()).status).toBe(200);
  expect(listeners.size).toBe(1);
});

test('lists are read once a second for all streams, until the last stream ends', async () => {
  const { open, clock, commands } = events();
  const [one, other] = [await open(), await open()];
  expect(commands).toHaveLength(5);
  await clock.advanceAsync(999);
  expect(commands).toHaveLength(5);
  await clock.advanceAsync(1);
  expect(commands).toHaveLength(10);
  await one.body?.cancel();
  await other.body?.cancel();
  await clock.advanceAsync(5_000);
  expect(commands).toHaveLength(10);
});

test('a stream whose reader leaves 1 MiB unread is ended', async () => {
  const { open, listeners, tell } = events();
  await open();
  for (let count = 0; count < 950; count++) tell('x'.repeat(1_000));
  expect(listeners.size).toBe(1);
  for (let count = 0; count < 100; count++) tell('x'.repeat(1_000));
  expect(listeners.size).toBe(0);
});
