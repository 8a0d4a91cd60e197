/** Every port, size and interval of the protocol: value, unit, reason, source. docs/reference/protocol.md explains them. */

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SECOND_MS = 1_000;

// Ports
/** The tracker's UDP port, as BitTorrent trackers use it. */
export const TRACKER_PORT = 6_881;
/** An embedded tracker takes the next of these when 6881 is taken; broadcast discovery asks them too. */
export const TRACKER_PORT_LAST = 6_889;
/** A peer without a port takes a random free one of 9000-9999. */
export const PEER_PORT_FIRST = 9_000;
export const PEER_PORT_LAST = 9_999;

// Datagrams
/** Largest UDP payload we send, in bytes. Every usable path carries it whole (RFC 9000, section 14). */
export const DATAGRAM_BYTES_MAX = 1_200;
/** UDP receive buffer we ask for, in bytes: the usual default holds only 256 small datagrams. */
export const DATAGRAM_BUFFER_BYTES = 4 * MIB;
/** Waits before a request to the tracker is sent again; the last repeats. BEP 15's 15 s is wrong for a LAN. */
export const TRACKER_RETRY_MS = [500, 1_000, 2_000, 4_000] as const;
/** Validity step of the connection cookie: good for the minute it was made in and the next one (BEP 15). */
export const COOKIE_STEP_MS = 60 * SECOND_MS;

// Tracker registry
/** Heartbeat interval for a small network; grows with the number of peers up to the maximum. */
export const HEARTBEAT_MS = 5 * SECOND_MS;
export const HEARTBEAT_MAX_MS = 60 * SECOND_MS;
/** Up to this many peers beat at HEARTBEAT_MS; beyond it the interval grows in proportion. */
export const HEARTBEAT_PEERS = 1_000;
/** A peer is forgotten after this many missed heartbeats and the grace on top. */
export const HEARTBEATS_MISSED = 3;
export const HEARTBEAT_GRACE_MS = 5 * SECOND_MS;
export const PEERS_MAX = 65_536;
/** Peers of one address (loopback exempt), so that one host cannot fill the registry. */
export const PEERS_PER_ADDRESS_MAX = 64;

// Catalog
export const CATALOG_FILES_MAX = 250_000;
/** Pages of a catalog under way without acknowledgement. */
export const PUBLISH_WINDOW = 16;
/** Longest path on the wire, in bytes of UTF-8. Fits a datagram with room for the rest of an entry. */
export const PATH_BYTES_MAX = 1_000;
export const NAME_BYTES_MAX = 64;
export const QUERY_BYTES_MAX = 256;
/** Shortest search, in characters. */
export const QUERY_CHARS_MIN = 2;
export const SEARCH_HITS_MAX = 200;
export const SEARCH_HITS_PER_PEER_MAX = 50;

// Relay: peers whose catalog the tracker does not hold
/** Their answers are passed on for this long after the search. */
export const RELAY_MS = 800;
/** A search is repeated after this: not while its relay runs. */
export const RELAYED_RETRY_MS = 1_200;
/** A repeated search (same address, same transaction) is not relayed again within this long. */
export const RELAY_REPEAT_MS = 2_000;
/** Files in one answer to a relayed question, if a datagram takes so many. */
export const RELAYED_FILES_MAX = 32;

// Known peers: asked over control links when no tracker answers
/** Their answers are waited for this long. */
export const PEER_QUERY_MS = 1_000;
/** Peers asked by one question. */
export const PEER_QUERY_FANOUT = 64;
/** Questions by words that one peer is answered: in a row, and then one in so many milliseconds. As searches at a tracker. */
export const PEER_WORDS_BURST = 16;
export const PEER_WORDS_MS = 1_250;
/** Questions by FileId cost a look into a table: running downloads ask them. */
export const PEER_IDS_BURST = 500;
export const PEER_IDS_MS = 20;

// Chunks (docs/reference/protocol.md, "Identity of content")
export const CHUNK_BYTES_MIN = MIB;
export const CHUNK_BYTES_MAX = 16 * MIB;
/** Chunks grow until a file has at most this many (docs/Decisions/0004); at 16 MiB the count grows instead. */
export const CHUNK_COUNT_AIM = 1_024;
export const CHUNK_COUNT_MAX = 1_048_576;
export const FILE_BYTES_MAX = CHUNK_BYTES_MAX * CHUNK_COUNT_MAX;
/** Bytes of a chunk in one data frame: each costs a hop to the thread that reads files (docs/contributing/performance.md, "One seeder"). */
export const PIECE_BYTES_MAX = 2 * MIB;

// Frames
/** Largest body of a control frame. */
export const CONTROL_FRAME_BYTES_MAX = 64 * KIB;
/** Largest body before the other side has said hello or shown its token. */
export const GREETING_FRAME_BYTES_MAX = KIB;
/** Largest body of a frame that a lane's server accepts: the longest is a bundle. */
export const LANE_REQUEST_BYTES_MAX = 10 * KIB;
/** Files of one chunk that are asked for together: at most so many, and bytes of answer unless it is one file alone. */
export const BUNDLE_FILES_MAX = 256;
export const BUNDLE_BYTES_MAX = MIB;
/** The largest file that can be in a bundle: what is one chunk. */
export const BUNDLED_FILE_BYTES_MAX = MIB;
/** Chunk hashes in one description page: 2,000 x 32 bytes fit a control frame. */
export const HASHES_PER_PAGE = 2_000;
/** Bytes of a bitfield in one frame. */
export const BITFIELD_PAGE_BYTES = 32 * KIB;

// Links
export const GREETING_TIMEOUT_MS = 10 * SECOND_MS;
export const PING_INTERVAL_MS = 30 * SECOND_MS;
export const LINK_DEAD_MS = 90 * SECOND_MS;
/** `have` messages are gathered this long. */
export const HAVE_BATCH_MS = 50;
export const LANE_TOKEN_MS = 10 * SECOND_MS;
/** Requests to a peer over the control link (list, describe, lane) fail after this. */
export const LINK_REQUEST_TIMEOUT_MS = 15 * SECOND_MS;
export const DIAL_TIMEOUT_MS = 5 * SECOND_MS;

// Requests and serving
/** Window of requests per lane: one second of the measured rate between these, in bytes. */
export const WINDOW_BYTES_MIN = 2 * MIB;
export const WINDOW_BYTES_MAX = 32 * MIB;
/** Receive buffers of the whole process. */
export const RECEIVE_BUFFERS_BYTES = 64 * MIB;
/** Requests, and files in bundles, on one lane that the server remembers. */
export const LANE_REQUESTS_MAX = 4_096;
/** Few, so that a chunk is soon whole and goes on from there (docs/Decisions/0006); more are added while the line is not full. */
export const UPLOAD_SLOTS = 6;
/** Extra slots for what fits in SMALL_UPLOAD_BYTES (Soulseek, DC++ mini slots). */
export const SMALL_UPLOAD_SLOTS = 4;
export const SMALL_UPLOAD_BYTES = 512 * KIB;
/** A slot passes on after this many bytes when others wait. */
export const SLOT_BYTES = 16 * MIB;
/** Who lined up and has its turn asks within this long, or lines up again at the end: a round trip, and two lost packets. */
export const TURN_ASK_MS = 500;
/** Bytes of a `turn` that has no end yet. */
export const TURN_UNLIMITED = 0xffff_ffff;
/** While the pipe is not full, one more slot opens this often. */
export const SLOT_GROW_MS = SECOND_MS;
/** Chunks suggested to one peer at once, on the wire; how many are, is the suggesting side's affair. */
export const SUGGESTED_MAX = 64;

// Slow sources
/** Nothing for this long while asked, or lined up: the peer is asked for a sign of life, and again after every so long. */
export const QUIET_MS = 3 * SECOND_MS;
/** Nothing for this long while asked: snubbed, its chunks go back. */
export const SNUB_MS = 10 * SECOND_MS;
export const SNUB_RETRY_MS = [1_000, 5_000, 15_000, 60_000] as const;
/** A source that cannot be reached is dialled again after these: a program that is started again is back within seconds. */
export const AWAY_RETRY_MS = [
  500, 500, 1_000, 1_000, 1_000, 1_500, 2_000, 2_000, 3_000, 5_000, 5_000, 10_000, 15_000, 30_000,
] as const;
/** A chunk running this long … */
export const TAKEOVER_RUNNING_MS = 4 * SECOND_MS;
/** … that needs this much more is asked of a source at least twice as fast (AirDC++). */
export const TAKEOVER_REMAINING_MS = 5 * SECOND_MS;
/** … and when it needs this much more even if the allowance for duplicates is used up: nobody waits half a minute for 1 %. */
export const TAKEOVER_ANYWAY_MS = 30 * SECOND_MS;
/**
 * Endgame: copies of one chunk under way at once, and the share of a file that may come twice because of copies and of chunks that
 * were taken from a slow source (one chunk at least).
 */
export const ENDGAME_COPIES = 2;
export const ENDGAME_DUPLICATE_RATIO = 0.01;
/** Wrong chunks until a peer is banned, and for how long. */
export const BAN_AFTER = 3;
export const BAN_MS = 3_600 * SECOND_MS;

// Finding sources
/** `locate` is asked at these moments after the start of a download, then every LOCATE_MS. */
export const LOCATE_EARLY_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000] as const;
export const LOCATE_MS = 30 * SECOND_MS;
export const PEER_EXCHANGE_MS = 60 * SECOND_MS;
export const PEER_EXCHANGE_MAX = 50;

// Pushes
/** An offer waits this long for a person's answer, then it is refused. */
export const OFFER_WAIT_MS = 120 * SECOND_MS;
/** The side that offers waits a little longer, for the answer's way. */
export const OFFER_TIMEOUT_MS = OFFER_WAIT_MS + 10 * SECOND_MS;

// Resume journal
/** Data is synced, and a sync mark written, after this many bytes or this long. */
export const SYNC_BYTES = 64 * MIB;
export const SYNC_MS = 2 * SECOND_MS;
