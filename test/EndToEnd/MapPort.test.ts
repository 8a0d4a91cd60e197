import { join } from 'node:path';
import { expect } from 'vitest';
import { Namespaces } from '../Support/Namespaces.ts';
import { networkNamespaces, title } from '../Support/Requires.ts';
import { lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

const PORT = 9_001;
const NAMESPACES = networkNamespaces();

/** A router with NAT-PMP. Its first answer is one byte, on which the library of the peer throws. */
const ROUTER = `
const socket = require('node:dgram').createSocket('udp4');
let answers = 0;
socket.on('message', (bytes, { port, address }) => {
  if (answers++ === 0) return socket.send(Buffer.of(0), port, address);
  const answer = Buffer.alloc(bytes[1] === 2 ? 16 : 12);
  answer[1] = 128 + bytes[1];
  if (bytes[1] === 2) {
    console.log('lease ' + bytes.readUInt32BE(8));
    bytes.copy(answer, 8, 4, 8);
  }
  else Buffer.of(203, 0, 113, 5).copy(answer, 8);
  socket.send(answer, port, address);
});
socket.bind(5351, () => console.log('ready'));
`;

test
  .skipIf(NAMESPACES)
  .concurrent(
    title('a router maps the port; a wrong answer of it harms nobody, and it is asked again', NAMESPACES),
    async ({ lan }) => {
      const net = await Namespaces.make(2);
      lan.onClose(() => net.close());
      const [host, router] = net.hosts;
      if (host === undefined || router === undefined) throw new Error('two were wanted');
      await net.run(host, 'ip', 'route', 'replace', 'default', 'via', router.ip);
      const folder = await lan.launcher.folder();
      await folder.write('router.cjs', ROUTER);
      const program = await lan.launcher.start(join(folder.path, 'router.cjs'), [], {
        prefix: router.prefix,
      });
      await program.line(/^ready$/);
      const peer = async () => {
        const home = await lan.launcher.folder();
        const share = await home.inside('Downloads', 'P2P', `User-${PORT}`);
        const options = { home: home.path, prefix: host.prefix };
        const started = await lan.launcher.peer([String(PORT), '--map-port'], options);
        return new TestPeer('peer', started, share, PORT);
      };
      const mappingOf = async (asked: TestPeer) =>
        ((await asked.answer('status')).network as { portMapping: { state: string } }).portMapping;

      const first = await peer();
      await eventually(
        'the wrong answer is reported',
        async () => (await mappingOf(first)).state === 'failed',
      );
      first.program.type('quit');
      expect(await first.program.exitCode()).toBe(0);
      const second = await peer();
      await eventually('it is mapped', async () => (await mappingOf(second)).state === 'mapped');
      expect(await mappingOf(second)).toEqual({
        state: 'mapped',
        external: { host: '203.0.113.5', port: PORT },
        by: 'NAT-PMP',
      });
      second.program.type('quit');
      expect(await second.program.exitCode()).toBe(0);
      await program.line(/^lease 0$/);
    },
  );
