/** Whether this program was started by the command `shoal`, which runs peers and trackers, too. */
const IS_SHOAL = /\bshoal(\.js)?$/i.test(process.argv[1] ?? '');

/** Commands that start a peer and a tracker, for messages: in a clone without `npm link` there is no `shoal`. */
export const PEER_COMMAND = IS_SHOAL ? 'shoal peer' : 'node Peer.js';
export const TRACKER_COMMAND = IS_SHOAL ? 'shoal tracker' : 'node Tracker.js';
