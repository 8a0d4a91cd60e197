import { formatAddress, parseHostPort } from '../../Shared/Address.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { CommandContext, CommandHandler } from './CommandResult.ts';
import { isHostAndPort, joinHostPort } from './PeerNotation.ts';
import { isActive } from './Views/DownloadTexts.ts';
import { localFilesText } from './Views/FileViews.ts';
import { plural } from './Views/HumanUnits.ts';
import {
  contactItem,
  downloadItem,
  fileItem,
  limitItem,
  peerItem,
  trackerItem,
  uploadItem,
} from './Views/Items.ts';
import { peersText, type StatusFacts, statusText, trackersText, whoamiText } from './Views/StatusViews.ts';

export const peers: CommandHandler = async (_call, { controls, signal }) => {
  const found = await controls.peers(signal);
  return { items: found.map(peerItem), text: (style) => peersText(found, style) };
};

export const connect: CommandHandler = async (call, { controls, signal }) => {
  const [first = '', second] = call.args;
  if (second !== undefined && !isHostAndPort(first, second)) {
    throw new ShoalError('USAGE', `"${safeText(first)} ${safeText(second)}" is not a host and a port`, {
      hint: 'Like this: connect 192.168.1.20:9001',
    });
  }
  const address = second === undefined ? first : joinHostPort(first, second);
  // 0 is no port: what is typed without one is told so.
  if (!/:\d+$/.test(address)) {
    throw new ShoalError('USAGE', `"${safeText(address)}" has no port`, {
      hint: 'Like this: connect 192.168.1.20:9001',
    });
  }
  parseHostPort(address, 1);
  const peer = await controls.connect(address, signal);
  const name =
    peer.name === '' ? formatAddress(peer.address) : `${peer.name} (${formatAddress(peer.address)})`;
  return { data: contactItem(peer), text: () => `Linked to ${safeText(name)}` };
};

/** `join`: registers at the tracker, and tells with what. */
export const join: CommandHandler = async (_call, context) => {
  await context.scanned();
  const { controls, signal } = context;
  const joined = await controls.join(signal);
  const share = controls.share();
  const files = controls.localFiles();
  const places = joined.map((each) => formatAddress(each.address)).join(', ');
  const head = `JOIN_OK from ${places}: ${plural(share.files, 'file')} of ${safeText(controls.self.name)}`;
  return {
    items: files.map(fileItem),
    data: { reply: 'JOIN_OK', trackers: joined.map(trackerItem) },
    text: (style) =>
      files.length === 0 ? head : `${head}\n\n${localFilesText('', files, [], share, style)}`,
  };
};

export const refresh: CommandHandler = async (_call, { controls, signal }) => {
  const found = await controls.refresh(signal);
  const share = controls.share();
  const held = controls
    .trackers()
    .some((each) => each.state === 'connected' && each.heldVersion === each.version);
  const what = `nnounced ${plural(share.files, 'file')}; ${plural(found.length, 'other peer')}`;
  const head = held ? `UPDATE_OK: a${what}` : `A${what}`;
  return {
    items: found.map(peerItem),
    data: { reply: held ? 'UPDATE_OK' : null },
    text: (style) => (found.length === 0 ? head : `${head}\n\n${peersText(found, style)}`),
  };
};

export const tracker: CommandHandler = async (_call, { controls }) => {
  const trackers = controls.trackers();
  return { items: trackers.map(trackerItem), text: (style) => trackersText(trackers, style) };
};

export const whoami: CommandHandler = async (_call, { controls }) => {
  const { self } = controls;
  const host = ownHost(controls);
  return {
    data: { id: self.peerId, name: self.name, host, port: self.port },
    text: (style) => whoamiText(self, host, style),
  };
};

export const status: CommandHandler = async (_call, { controls }) => {
  const all = controls.downloads();
  const facts: StatusFacts = {
    self: controls.self,
    host: ownHost(controls),
    trackers: controls.trackers(),
    share: controls.share(),
    peers: controls.knownPeers(),
    downloads: {
      active: all.filter((download) => isActive(download.state)).length,
      done: all.filter((download) => download.state === 'done').length,
      other: all.filter((download) => download.state === 'paused' || download.state === 'failed').length,
    },
    uploads: controls.uploads(),
    limits: controls.limits(),
    totals: controls.totals(),
  };
  const { self, share } = facts;
  return {
    data: {
      id: self.peerId,
      name: self.name,
      host: facts.host,
      port: self.port,
      trackers: facts.trackers.map(trackerItem),
      share: { ...share, hashing: { ...share.hashing } },
      peers: facts.peers.map(peerItem),
      downloads: all.map(downloadItem),
      uploads: facts.uploads.map(uploadItem),
      limits: facts.limits.map(limitItem),
      sent: facts.totals.sent,
      received: facts.totals.received,
      uptimeMs: Math.round(facts.totals.uptimeMs),
    },
    text: (style) => statusText(facts, style),
  };
};

/** The address others see us at; without a tracker, this host's own. */
function ownHost(controls: CommandContext['controls']): string {
  return controls.trackers().find((each) => each.observed !== undefined)?.observed?.host ?? '127.0.0.1';
}
