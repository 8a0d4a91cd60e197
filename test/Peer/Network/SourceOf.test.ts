import { expectTypeOf, test } from 'vitest';
import type * as Downloads from '../../../Peer/Downloads/Wanted.ts';
import type { PeerLinks } from '../../../Peer/Network/Links/PeerLinks.ts';
import type * as Network from '../../../Peer/Network/Links/SourceOf.ts';

test('what the network offers is what downloads want', () => {
  expectTypeOf<Network.Source>().toEqualTypeOf<Downloads.Source>();
  expectTypeOf<Network.SourceEvents>().toEqualTypeOf<Downloads.SourceEvents>();
  expectTypeOf<Network.ChunkOutcome>().toEqualTypeOf<Downloads.ChunkOutcome>();
  expectTypeOf<Network.ChunkWriter>().toEqualTypeOf<Downloads.ChunkWriter>();
  expectTypeOf<PeerLinks['openSource']>().toExtend<Downloads.SourceNetwork['openSource']>();
});
