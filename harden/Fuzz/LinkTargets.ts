import { type LaneFrames, LaneReader } from '../../Peer/Network/Lanes/Receiving/LaneReader.ts';
import { ReceiveBuffers } from '../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { LaneOutput } from '../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import { LaneServer } from '../../Peer/Network/Lanes/Sending/LaneServer.ts';
import { PeerSession } from '../../Peer/Network/Links/Link/PeerSession.ts';
import { FrameDecoder } from '../../Protocol/FrameDecoder.ts';
import type { InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { CONTROL_FRAME_BYTES_MAX, GREETING_FRAME_BYTES_MAX } from '../../Protocol/Limits.ts';
import { decodeControl, PROTOCOL_VERSION } from '../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../Shared/Network/Transport.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';
import { examples, Mutator } from './Mutator.ts';
import { accepts, type Target } from './Target.ts';

const FRAME_HEADER_BYTES = 5;
/** Frames of one conversation, at most. */
const FRAMES_MAX = 20;

/** Control links: a hello, then frames, in segments of any size. */
export function controlTarget(random: SeededRandom): Target {
  const corpus = examples('peer-v2', 'control');
  const mutator = new Mutator(corpus, random);
  const [hello = Buffer.alloc(0)] = corpus;
  const own = {
    version: PROTOCOL_VERSION,
    peerId: '11'.repeat(32) as PeerId,
    instanceId: '0000000000000001' as InstanceId,
  };
  return {
    name: 'frames to a control link',
    step: () => {
      const session = new PeerSession({ ...own, name: '', port: 9_001, features: 0 }, false, 0);
      const decoder = new FrameDecoder(GREETING_FRAME_BYTES_MAX);
      const frames = conversation(mutator, hello);
      accepts(() => {
        for (const segment of segments(Buffer.concat(frames), random)) {
          for (const { type, body } of decoder.push(segment)) {
            const message = decodeControl(type, body);
            if (message !== undefined) session.receive(message, 1);
            if (session.open) decoder.maxBodyBytes = CONTROL_FRAME_BYTES_MAX;
          }
        }
      });
      return frames.length;
    },
  };
}

/** Lanes at the side that serves: a token, then requests. */
export function laneServerTarget(random: SeededRandom): Target {
  const corpus = examples('peer-v2', 'lane');
  const mutator = new Mutator(corpus, random);
  const [token = Buffer.alloc(0)] = corpus;
  return {
    name: 'frames to a lane that serves',
    step: () => {
      let failure: unknown;
      const lane = new LaneServer(new LaneOutput(noStream, undefined), {
        redeem: () => '22'.repeat(32) as PeerId,
        bytesOf: (_fileId, chunk) => (chunk < 1_000 ? 1_048_576 : 0),
        asked: () => {},
        takenBack: () => {},
        changed: () => {},
        ended: () => {},
        misbehaved: (_lane, reason) => {
          failure = reason;
        },
      });
      const frames = conversation(mutator, token);
      for (const segment of segments(Buffer.concat(frames), random)) {
        lane.data(segment);
        if (random.chance(0.1))
          lane.take({ smallBytes: 10, maxBytes: 100, maxCount: 9, runBytes: 9e9 }, () => 0);
      }
      lane.close();
      if (failure !== undefined && !(failure instanceof ShoalError)) throw failure;
      return frames.length;
    },
  };
}

/** Lanes at the side that receives. */
export function laneReaderTarget(random: SeededRandom): Target {
  const mutator = new Mutator(examples('peer-v2', 'lane').slice(2), random);
  const buffers = new ReceiveBuffers(systemClock);
  return {
    name: 'frames to a lane that receives',
    step: () => {
      let failure: unknown;
      const frames: LaneFrames = {
        begin: (id) => id % 2 === 0,
        arrived: () => {},
        piece: (region) => region.release(),
        end: () => {},
        rejected: () => {},
        turn: () => {},
        expectsLarge: () => random.chance(0.5),
        readBytesMax: () => 1_048_576,
        mayReadOn: () => true,
        readable: () => {},
        broken: (reason) => {
          failure = reason;
        },
      };
      const reader = new LaneReader(frames, buffers, systemClock);
      const sent = conversation(mutator, mutator.valid());
      let rest = Buffer.concat(sent);
      while (rest.length > 0 && failure === undefined) {
        const into = reader.nextBuffer();
        const count = Math.min(rest.length, random.int(1, into.length));
        into.set(rest.subarray(0, count));
        rest = rest.subarray(count);
        if (!reader.filled(count)) break;
      }
      reader.close();
      if (failure !== undefined && !(failure instanceof ShoalError)) throw failure;
      return sent.length;
    },
  };
}

/** Frames whose lengths are right, most of the time. */
function conversation(mutator: Mutator, first: Buffer): Buffer[] {
  const { random } = mutator;
  const rest = Array.from({ length: random.int(1, FRAMES_MAX) }, () => {
    const frame = mutator.next(FRAME_HEADER_BYTES);
    if (frame.length >= FRAME_HEADER_BYTES && random.chance(0.95))
      frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES);
    return frame;
  });
  return [random.chance(0.9) ? first : mutator.next(0), ...rest];
}

function* segments(bytes: Buffer, random: SeededRandom): Generator<Buffer> {
  const most = random.pick([1, 7, 100, 5_000]);
  for (let at = 0; at < bytes.length; ) {
    const count = random.int(1, most);
    yield bytes.subarray(at, at + count);
    at += count;
  }
}

const noStream: ByteStream = {
  remote: { host: '10.0.0.1', port: 1 },
  write: () => true,
  pause: () => {},
  resume: () => {},
  end: () => {},
  destroy: () => {},
};
