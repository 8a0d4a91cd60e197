/**
 * Ports, sizes, counts and intervals of the protocol, with their reasons and sources. Explained in
 * docs/reference/protocol.md.
 */

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SECOND_MS = 1_000;

// Ports
/** UDP port of a tracker, as with BitTorrent. */
export const TRACKER_PORT = 6_881;
/** Last port for an embedded tracker when 6881 is in use. Broadcast discovery probes the range. */
export const TRACKER_PORT_LAST = 6_889;
/** Range of the random TCP port of a peer without a configured one. */
export const PEER_PORT_FIRST = 9_000;
export const PEER_PORT_LAST = 9_999;

// Datagrams
/** Largest UDP payload, in bytes. Every usable path carries it unfragmented (RFC 9000, section 14). */
export const DATAGRAM_BYTES_MAX = 1_200;
/** Retransmission timeouts of a request to the tracker; the last one repeats. BEP 15's 15 s is too long for a LAN. */
export const TRACKER_RETRY_MS = [500, 1_000, 2_000, 4_000] as const;
/** Validity step of a connection id: valid in the step it was made in, and the next (BEP 15). */
export const COOKIE_STEP_MS = 60 * SECOND_MS;

// Extensions of messages
/** Extensions of one message or item. */
export const EXTENSIONS_MAX = 16;
/** All extensions of a message or item, tags and lengths included: a hello still fits GREETING_FRAME_BYTES_MAX. */
export const EXTENSIONS_BYTES_MAX = 512;
/** All extensions of a file: an entry with the longest path still fits a datagram. */
export const FILE_EXTENSIONS_BYTES_MAX = 64;
export const CLUSTER_BYTES_MAX = 64;
/** Other trackers in one answer to a heartbeat. */
export const CLUSTER_TRACKERS_MAX = 16;
/** Trackers of one cluster. */
export const CLUSTER_MEMBERS_MAX = 64;
/** Unknown control messages from this type on are skipped; others break the link. */
export const OPTIONAL_CONTROL_TYPE = 128;
/** Unknown lane messages from this type on are skipped; others break the lane. */
export const OPTIONAL_LANE_TYPE = 192;

// Tracker registry
/** Heartbeat interval of a small network, and its maximum for a large one. */
export const HEARTBEAT_MS = 5 * SECOND_MS;
export const HEARTBEAT_MAX_MS = 60 * SECOND_MS;
/** Number of peers above which the heartbeat interval grows in proportion. */
export const HEARTBEAT_PEERS = 1_000;
/** A peer expires after this many missed heartbeats plus the grace time. */
export const HEARTBEATS_MISSED = 3;
export const HEARTBEAT_GRACE_MS = 5 * SECOND_MS;
export const PEERS_MAX = 65_536;
/**
 * An instance id that began later than this after the tracker's clock is refused: it would win over all later starts.
 */
export const INSTANCE_AHEAD_MAX_MS = 24 * 3_600 * SECOND_MS;
/** Peers of one host (loopback exempt), so that no host can fill the registry. */
export const PEERS_PER_ADDRESS_MAX = 64;

// Catalog
/** Files of one peer that a tracker holds, and files of one list. A peer that shares more is asked by relay. */
export const CATALOG_FILES_MAX = 250_000;
/** Shared files of one peer: about 600 MB of memory. */
export const SHARE_FILES_MAX = 1_000_000;
/** Catalog pages in flight without acknowledgement. */
export const PUBLISH_WINDOW = 16;
/** Longest path on the wire, in bytes of UTF-8. An entry with such a path fits a datagram. */
export const PATH_BYTES_MAX = 1_000;
export const NAME_BYTES_MAX = 64;
export const QUERY_BYTES_MAX = 256;
/** Shortest search, in characters. */
export const QUERY_CHARS_MIN = 2;
export const SEARCH_HITS_MAX = 200;
export const SEARCH_HITS_PER_PEER_MAX = 50;

// Relay: peers whose catalog the tracker does not hold
/** Time after the search in which their answers are forwarded. */
export const RELAY_MS = 800;
/** Retransmission timeout of a search with an open relay. */
export const RELAYED_RETRY_MS = 1_200;
/** Time in which a retransmitted search (same address and transaction) is not relayed again. */
export const RELAY_REPEAT_MS = 2_000;
/** Files in one answer to a relayed question, if they fit a datagram. */
export const RELAYED_FILES_MAX = 32;

// Known peers: queried over control links when no tracker answers
/** Timeout of their answers. */
export const PEER_QUERY_MS = 1_000;
/** Peers queried by one question. */
export const PEER_QUERY_FANOUT = 64;
/** Questions by words of one peer that are answered: a burst, then one per interval. As searches at a tracker. */
export const PEER_WORDS_BURST = 16;
export const PEER_WORDS_MS = 1_250;
/** Questions by FileId, of running downloads: each costs one lookup. */
export const PEER_IDS_BURST = 500;
export const PEER_IDS_MS = 20;

// Chunks (docs/reference/protocol.md, "Identity of content")
export const CHUNK_BYTES_MIN = MIB;
export const CHUNK_BYTES_MAX = 16 * MIB;
/**
 * The chunk size grows until a file has at most this many chunks (docs/Decisions/0004); at 16 MiB the count grows
 * instead.
 */
export const CHUNK_COUNT_AIM = 1_024;
export const CHUNK_COUNT_MAX = 1_048_576;
export const FILE_BYTES_MAX = CHUNK_BYTES_MAX * CHUNK_COUNT_MAX;
/**
 * Chunk bytes in one data frame. Each frame costs a hop to the thread that reads files
 * (docs/Decisions/0007, "One seeder").
 */
export const PIECE_BYTES_MAX = 2 * MIB;

// Frames
/** Largest body of a control frame. */
export const CONTROL_FRAME_BYTES_MAX = 64 * KIB;
/** Name of control links inside TLS (ALPN). */
export const CONTROL_ALPN = 'shoal/2';
/** Name of lanes inside TLS (ALPN), in private networks. */
export const LANE_ALPN = 'shoal-lane/2';
/** Largest body before `hello` or `token` of the other side. */
export const GREETING_FRAME_BYTES_MAX = KIB;
/** Largest body accepted by a lane's server: a bundle request. */
export const LANE_REQUEST_BYTES_MAX = 10 * KIB;
/** Files in one bundle request, and bytes of its answer (a single file may be larger). */
export const BUNDLE_FILES_MAX = 256;
export const BUNDLE_BYTES_MAX = MIB;
/** Largest file in a bundle: one chunk. */
export const BUNDLED_FILE_BYTES_MAX = MIB;
/** Chunk hashes in one description page; 2,000 x 32 bytes fit a control frame. */
export const HASHES_PER_PAGE = 2_000;
/** Bitfield bytes in one frame. */
export const BITFIELD_PAGE_BYTES = 32 * KIB;

// Relayed connections
/** Relays named by one answer of a tracker: they fit a datagram. */
export const RELAYS_NAMED_MAX = 8;
/** Time for both sides of a relayed connection to dial the relay. */
export const RELAY_TOKEN_MS = 10 * SECOND_MS;

// Links
export const GREETING_TIMEOUT_MS = 10 * SECOND_MS;
export const PING_INTERVAL_MS = 30 * SECOND_MS;
export const LINK_DEAD_MS = 90 * SECOND_MS;
/** Time in which chunks are collected for one `have`. */
export const HAVE_BATCH_MS = 50;
export const LANE_TOKEN_MS = 10 * SECOND_MS;
/** Timeout of a request over the control link (list, describe, lane). */
export const LINK_REQUEST_TIMEOUT_MS = 15 * SECOND_MS;
export const DIAL_TIMEOUT_MS = 5 * SECOND_MS;

// Requests and serving
/** Bounds of the request window of a lane, in bytes: one second of the measured rate. */
export const WINDOW_BYTES_MIN = 2 * MIB;
export const WINDOW_BYTES_MAX = 48 * MIB;
/** Bytes of all receive buffers of the process. */
export const RECEIVE_BUFFERS_BYTES = 64 * MIB;
/** Pending requests (and files in bundles) of one lane at the server. */
export const LANE_REQUESTS_MAX = 4_096;
/**
 * Initial slots. Few, so that a chunk completes soon and spreads (docs/Decisions/0006). Slots are added while the
 * line has room.
 */
export const UPLOAD_SLOTS = 6;
/** Additional slots for uploads up to SMALL_UPLOAD_BYTES (Soulseek; DC++ mini slots). */
export const SMALL_UPLOAD_SLOTS = 4;
export const SMALL_UPLOAD_BYTES = 512 * KIB;
/** Bytes after which a slot goes to the next queued peer. */
export const SLOT_BYTES = 16 * MIB;
/** Timeout of the request after `turn`; a peer that exceeds it loses its turn. A round trip and two lost packets. */
export const TURN_ASK_MS = 500;
/** Bytes of an unlimited `turn`. */
export const TURN_UNLIMITED = 0xffff_ffff;
/** Interval at which a slot is added while the line has room. */
export const SLOT_GROW_MS = SECOND_MS;
/** Chunks in one `suggest`. */
export const SUGGESTED_MAX = 64;

// Slow sources
/** Time without data after which a source with pending requests, or in its queue, is pinged; then at this interval. */
export const QUIET_MS = 3 * SECOND_MS;
/** Time without data after which a source with pending requests is snubbed and its chunks are reassigned. */
export const SNUB_MS = 10 * SECOND_MS;
export const SNUB_RETRY_MS = [1_000, 5_000, 15_000, 60_000] as const;
/**
 * Backoff before an unreachable source is dialled again. Short at first: a restarted program is back within seconds.
 */
export const AWAY_RETRY_MS = [
  500, 500, 1_000, 1_000, 1_000, 1_500, 2_000, 2_000, 3_000, 5_000, 5_000, 10_000, 15_000, 30_000,
] as const;
/** A chunk in transfer for this long … */
export const TAKEOVER_RUNNING_MS = 4 * SECOND_MS;
/** … with this much time remaining is taken over by a source at least twice as fast (AirDC++). */
export const TAKEOVER_REMAINING_MS = 5 * SECOND_MS;
/**
 * … and with this much remaining even if the allowance for duplicates is used up: half a minute costs more than 1 %.
 */
export const TAKEOVER_ANYWAY_MS = 30 * SECOND_MS;
/**
 * Endgame: simultaneous requests for one chunk, and the share of a file that may arrive twice because of them and of
 * takeovers (at least one chunk).
 */
export const ENDGAME_COPIES = 2;
export const ENDGAME_DUPLICATE_RATIO = 0.01;
/** Corrupt chunks until a peer is banned, and the duration of a ban. */
export const BAN_AFTER = 3;
export const BAN_MS = 3_600 * SECOND_MS;

// Finding sources
/** Times of `locate` after the start of a download; then every LOCATE_MS. */
export const LOCATE_EARLY_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000] as const;
export const LOCATE_MS = 30 * SECOND_MS;
export const PEER_EXCHANGE_MS = 60 * SECOND_MS;
export const PEER_EXCHANGE_MAX = 50;

// Pushes
/** Time in which the user may answer an offer; then it is refused. */
export const OFFER_WAIT_MS = 120 * SECOND_MS;
/** Timeout on the offering side, with time for the answer to arrive. */
export const OFFER_TIMEOUT_MS = OFFER_WAIT_MS + 10 * SECOND_MS;

// Resume journal
/** Bytes or time after which data is synced and a sync mark written. */
export const SYNC_BYTES = 64 * MIB;
export const SYNC_MS = 2 * SECOND_MS;
