import { describe, expect, test } from 'vitest';
import type { InstanceId } from '../../Protocol/Ids.ts';
import type { Bus, BusConnection } from '../../Tracker/Cluster/Bus.ts';
import { RECORD_BYTES_MAX } from '../../Tracker/Cluster/BusRecords.ts';
import { runOf } from '../Tracker/peers.ts';

/** A bus under test, and its server. */
export interface TestedBus {
  /** A bus of the cluster with this name. */
  bus(name?: string): Bus;
  /** Kills the server, and restarts it at the same address. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Resolves when the condition holds. @throws Error after some time */
  until(isReached: () => boolean): Promise<void>;
}

/** Guarantees of a bus to the trackers of a cluster. Every implementation passes these tests. */
export function describeBus(name: string, open: () => Promise<TestedBus>): void {
  describe(name, () => {
    /** A tracker at the bus, and all messages that it received. */
    async function place(bus: Bus, self: InstanceId) {
      const received: string[] = [];
      const events: string[] = [];
      const connection: BusConnection = await bus.open(self, {
        message: (bytes) => received.push(Buffer.from(bytes).toString()),
        connected: () => events.push('connected'),
        lost: (reason) => events.push(reason === '' ? '' : 'lost'),
      });
      return {
        received,
        events,
        connection,
        say: (to: 'all' | InstanceId, text: string) => connection.publish(to, Buffer.from(text)),
      };
    }

    test('a broadcast reaches all other trackers, a message to one tracker only that one', async () => {
      const tested = await open();
      const bus = tested.bus();
      const [one, two, three] = [
        await place(bus, runOf(1)),
        await place(bus, runOf(2)),
        await place(bus, runOf(3)),
      ];
      one.say('all', 'hello');
      one.say(runOf(3), 'you');
      await tested.until(() => three.received.length === 2 && two.received.length === 1);
      expect([one.received, two.received, three.received]).toEqual([[], ['hello'], ['hello', 'you']]);
      await Promise.all([one, two, three].map(({ connection }) => connection.close()));
    });

    test('the messages of one sender arrive in order, also long ones', async () => {
      const tested = await open();
      const [one, two] = [await place(tested.bus(), runOf(1)), await place(tested.bus(), runOf(2))];
      const sent = Array.from(
        { length: 300 },
        (_, at) => `${at} ${'x'.repeat(at % 50 === 0 ? RECORD_BYTES_MAX - 4 : 5)}`,
      );
      for (const text of sent) one.say(runOf(2), text);
      await tested.until(() => two.received.length === sent.length);
      expect(two.received.map((text) => text.length)).toEqual(sent.map((text) => text.length));
      expect(two.received.map((text) => text.split(' ')[0])).toEqual(sent.map((text) => text.split(' ')[0]));
      await Promise.all([one, two].map(({ connection }) => connection.close()));
    });

    test('messages published before close arrive; after it nothing is sent or received', async () => {
      const tested = await open();
      const [one, two] = [await place(tested.bus(), runOf(1)), await place(tested.bus(), runOf(2))];
      one.say('all', 'goodbye');
      await one.connection.close();
      await one.connection.close();
      one.say('all', 'too late');
      two.say(runOf(1), 'nobody');
      await tested.until(() => two.received.length === 1);
      two.say('all', 'still here');
      await two.connection.close();
      expect([one.received, two.received]).toEqual([[], ['goodbye']]);
    });

    test('a lost server is reported once and rejoined automatically; messages meanwhile are dropped', async () => {
      const tested = await open();
      const [one, two] = [await place(tested.bus(), runOf(1)), await place(tested.bus(), runOf(2))];
      await tested.stop();
      await tested.until(() => one.events.length === 1 && two.events.length === 1);
      one.say('all', 'into the void');
      await tested.restart();
      await tested.until(() => one.events.length === 2 && two.events.length === 2);
      expect([one.events, two.events]).toEqual([
        ['lost', 'connected'],
        ['lost', 'connected'],
      ]);
      // The server may get the message before the renewed subscription.
      await tested.until(() => {
        one.say('all', 'again');
        return two.received.length > 0;
      });
      expect(new Set(two.received)).toEqual(new Set(['again']));
      await Promise.all([one, two].map(({ connection }) => connection.close()));
    });

    test('close ends also if the server is killed at the same moment', async () => {
      const tested = await open();
      const [one, two] = [await place(tested.bus(), runOf(1)), await place(tested.bus(), runOf(2))];
      const [stopped, closed] = [
        tested.stop(),
        Promise.all([one.connection.close(), two.connection.close()]),
      ];
      await Promise.all([stopped, closed]);
      expect(one.events.length + two.events.length).toBeLessThanOrEqual(2);
      await tested.restart();
    });

    test('a missing server is an error with a hint, and close works without it', async () => {
      const tested = await open();
      const one = await place(tested.bus(), runOf(1));
      await tested.stop();
      await expect(place(tested.bus(), runOf(2))).rejects.toMatchObject({ code: 'UNREACHABLE' });
      await tested.until(() => one.events.length === 1);
      await one.connection.close();
      await tested.restart();
    });
  });
}
