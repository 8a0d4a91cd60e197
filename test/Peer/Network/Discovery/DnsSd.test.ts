import { EventEmitter } from 'node:events';
import type Bonjour from 'bonjour-service';
import { expect, test } from 'vitest';
import { openDnsSd } from '../../../../Peer/Network/Discovery/DnsSd.ts';
import { openNaming } from '../../../../Peer/Network/Discovery/ServiceNaming.ts';

/** The library without sockets: what its browsers report, and whether they were stopped. */
function bonjour() {
  const mdns = new EventEmitter();
  const browsers: (EventEmitter & { stopped: boolean })[] = [];
  const find = () => {
    const browser = Object.assign(new EventEmitter(), { stopped: false, stop: () => {} });
    browser.stop = () => {
      browser.stopped = true;
    };
    browsers.push(browser);
    return browser;
  };
  const made = { server: { mdns }, find, unpublishAll: (done: () => void) => done(), destroy: () => {} };
  return { mdns, browsers, make: () => made as unknown as Bonjour };
}

test('500 announced services are looked at, then the browser stops', async () => {
  const { browsers, make } = bonjour();
  const seen: string[] = [];
  const events = {
    peerSeen: ({ host }: { host: string }) => seen.push(host),
    trackerSeen: () => {},
    failed: (reason: string) => expect.fail(reason),
  };
  const service = openDnsSd(openNaming, make)(events);
  const [, peers] = browsers;
  for (let number = 0; number < 501; number++) {
    const referer = { address: `10.0.${number >> 8}.${number & 255}` };
    if (peers?.stopped === false) peers.emit('up', { name: `shoal-${number}`, port: 9_001, referer });
  }
  expect([seen.length, peers?.stopped]).toEqual([500, true]);
  await service.close();
});

test('a packet that the library cannot parse does no harm; a failure of its socket is reported once', async () => {
  const { mdns, make } = bonjour();
  const failures: string[] = [];
  const events = {
    peerSeen: () => {},
    trackerSeen: () => {},
    failed: (reason: string) => failures.push(reason),
  };
  const service = openDnsSd(openNaming, make)(events);
  mdns.on('response', () => {
    throw new RangeError('beyond the end');
  });
  expect(mdns.emit('response', Buffer.alloc(3))).toBe(false);
  for (const _ of [1, 2]) mdns.emit('error', new Error('EADDRINUSE'));
  expect(failures).toEqual([expect.stringContaining('EADDRINUSE')]);
  await service.close();
});
