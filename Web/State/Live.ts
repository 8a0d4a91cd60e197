import { signal } from '@preact/signals';
import { ApiError, read } from '../Api/Client.ts';
import { readEvents, type StreamEvent } from '../Api/EventStream.ts';
import type { Download, Limit, Offer, Push, Session, Status, Upload } from '../Api/Items.ts';
import { forgetSecret, secret } from '../Api/Secret.ts';
import { addRates } from './Rates.ts';

/** Reports of the peer while the page is open. */
export const session = signal<Session | undefined>(undefined);
export const online = signal(true);
export const status = signal<Status | undefined>(undefined);
export const downloads = signal<readonly Download[]>([]);
export const uploads = signal<readonly Upload[]>([]);
export const offers = signal<readonly Offer[]>([]);
export const pushes = signal<readonly Push[]>([]);
export const limits = signal<readonly Limit[]>([]);

const RETRY_MS = 2_000;
const LISTS: Readonly<Record<string, { value: readonly unknown[] }>> = {
  downloads,
  uploads,
  offers,
  pushes,
  limits,
};

/** Follows the peer until the tab is closed: the rights of the user, and for its owner the events. */
export async function followPeer(): Promise<never> {
  for (;;) {
    try {
      await readSession();
      online.value = true;
      if (session.value?.manage === true) {
        void refreshStatus();
        await readEvents(onEvent, new AbortController().signal);
      } else {
        await pause(RETRY_MS * 5);
      }
    } catch (failure) {
      online.value = !(failure instanceof ApiError && failure.code === 'UNREACHABLE');
    }
    await pause(RETRY_MS);
  }
}

async function readSession(): Promise<void> {
  const answer = (await read('/session')) as unknown as Session;
  if (!answer.manage && secret() !== undefined) forgetSecret();
  session.value = answer;
}

/** Reads the overview; keeps the last one if the peer does not answer. */
export async function refreshStatus(): Promise<void> {
  try {
    status.value = (await read('/status')) as unknown as Status;
  } catch {
    // The next event or visit asks again.
  }
}

function onEvent({ name, data }: StreamEvent): void {
  const list = LISTS[name];
  if (list === undefined) return;
  const { ok, items } = JSON.parse(data) as { ok?: boolean; items?: readonly unknown[] };
  if (ok !== true || items === undefined) return;
  list.value = items;
  if (name === 'downloads') addRates(downloads.value, Date.now());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
