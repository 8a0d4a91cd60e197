import { expect, test } from 'vitest';
import { MemoryPart } from '../../../../Peer/Files/Parts/MemoryPart.ts';
import { madeFile } from './parts.ts';

const { content, description } = madeFile(100);

function memoryPart() {
  const events: string[] = [];
  const part = new MemoryPart({
    description: { ...description, chunkHashes: [] },
    path: 'a',
    install: (bytes, { chunkHashes }) => {
      expect([Buffer.from(bytes).equals(content), chunkHashes]).toEqual([true, description.chunkHashes]);
      events.push('installed');
      return '/share/a';
    },
    onVerified: (chunk) => events.push(`verified ${chunk}`),
    onClosed: () => events.push('closed'),
  });
  const write = async (bytes: Buffer) => {
    const writer = part.writer(0);
    await writer.write(bytes);
    return writer.finish();
  };
  return { part, events, write };
}

test('a file without a description is verified by its id, served and installed', async () => {
  const { part, events, write } = memoryPart();
  expect(await write(content)).toBe(true);
  const into = Buffer.alloc(10);
  await part.read(0, 90, into);
  expect(into.equals(content.subarray(90))).toBe(true);
  expect(await part.finish()).toBe('/share/a');
  await part.close();
  await part.discard();
  expect(events).toEqual(['verified 0', 'installed', 'closed']);
});

test('two writers at once: the file is reported as verified once', async () => {
  const { events, write } = memoryPart();
  expect(await Promise.all([write(content), write(content)])).toEqual([true, true]);
  expect(events).toEqual(['verified 0']);
});

test.each([
  ['one bit is wrong', Buffer.from(content.map((byte, at) => (at === 50 ? byte ^ 1 : byte)))],
  ['the last byte is missing', content.subarray(0, 99)],
])('bytes are dropped if %s', async (_, bytes) => {
  const { part, write } = memoryPart();
  expect(await write(bytes)).toBe(false);
  expect(part.verified.count).toBe(0);
  await expect(part.read(0, 0, Buffer.alloc(1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(part.finish()).rejects.toThrow('before every chunk was verified');
});

test('more bytes than the file has are refused', async () => {
  const { part } = memoryPart();
  const writer = part.writer(0);
  await writer.write(content);
  await expect(writer.write(Buffer.of(1))).rejects.toThrow('more than 100 bytes');
});

test.each([-1, 1])('there is no chunk %i', (chunk) => {
  expect(() => memoryPart().part.writer(chunk)).toThrow(`no chunk ${chunk}`);
});

test('after close nothing is verified or installed any more', async () => {
  const { part, events, write } = memoryPart();
  const writer = part.writer(0);
  await writer.write(content);
  await part.close();
  await expect(writer.finish()).rejects.toMatchObject({ code: 'CLOSED' });
  expect(events).toEqual(['closed']);

  const other = memoryPart();
  await other.write(content);
  await other.part.close();
  await expect(other.part.finish()).rejects.toMatchObject({ code: 'CLOSED' });
  expect(other.events).not.toContain('installed');
  expect(await write(content).catch(() => 'closed')).toBe('closed');
});
