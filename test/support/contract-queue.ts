/** What every implementation of the queue keeps: run on SQS's wire and on the simulated one. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Message } from '../../lib/core/message.ts';
import type { Queue } from '../../lib/world.ts';

/** What has been sent, in no particular order; looking changes nothing that a test can see. */
export type Sent = { body: string; delaySeconds: number };
export type QueueUnderTest = { queue: Queue; sent(): Promise<Sent[]>; close(): Promise<void> };

const look = (pool: string): Message => ({ kind: 'look', pool });

export function queueContract(name: string, make: () => Promise<QueueUnderTest>): void {
  describe(name, () => {
    let world: QueueUnderTest;
    beforeEach(async () => {
      world = await make();
    });
    afterEach(() => world.close());

    const sentPools = async () => {
      const sent = await world.sent();
      return sent.map(({ body }) => (JSON.parse(body) as { pool: string }).pool).sort();
    };

    test('nothing is sent when there is nothing to send', async () => {
      await world.queue.send([]);
      expect(await world.sent()).toEqual([]);
    });

    test.each([1, 2, 10, 11, 35])('%i messages arrive, each once', async (count) => {
      const pools = Array.from({ length: count }, (_, index) => `pool-${String(index).padStart(2, '0')}`);
      await world.queue.send(pools.map((pool) => ({ body: look(pool) })));
      expect(await sentPools()).toEqual(pools);
    });

    test('two messages may be the same', async () => {
      await world.queue.send([{ body: look('same') }, { body: look('same') }]);
      expect(await sentPools()).toEqual(['same', 'same']);
    });

    test.each<{ name: string; text: string }>([
      { name: 'quotes and line breaks', text: '"a"\r\n\t\\' },
      { name: 'control characters', text: '\u0000\u0001\u001b\u007f\u0085' },
      { name: 'what is not a character', text: 'a\ufffe\uffffb' },
      { name: 'half a pair of surrogates', text: 'a\ud83db' },
      { name: 'other scripts and pictures', text: 'Grüße 東京 🏃' },
    ])('text arrives as it was: $name', async ({ text }) => {
      await world.queue.send([{ body: look(text) }]);
      await world.queue.send([{ body: look(text) }, { body: look(text) }]);
      expect(await sentPools()).toEqual([text, text, text]);
    });

    test.each<{ name: string; delaySeconds?: number; seconds: number }>([
      { name: 'none', seconds: 0 },
      { name: 'zero', delaySeconds: 0, seconds: 0 },
      { name: 'whole seconds', delaySeconds: 5, seconds: 5 },
      { name: 'a part of a second counts as a whole one', delaySeconds: 4.01, seconds: 5 },
      { name: 'never more than SQS takes', delaySeconds: 5_000, seconds: 900 },
      { name: 'what is overdue comes at once', delaySeconds: -3, seconds: 0 },
    ])('delay: $name', async ({ delaySeconds, seconds }) => {
      const message = { body: look('later'), ...(delaySeconds === undefined ? {} : { delaySeconds }) };
      await world.queue.send([message]);
      await world.queue.send([message, message]);
      expect((await world.sent()).map((each) => each.delaySeconds)).toEqual([seconds, seconds, seconds]);
    });

    test.each(['octo-org/hello-world', '', 'ä b\n'.repeat(100)])('group %j delays nothing', async (group) => {
      await world.queue.send([{ body: look('one'), group }]);
      await world.queue.send([
        { body: look('two'), group },
        { body: look('three'), group },
      ]);
      expect(await sentPools()).toEqual(['one', 'three', 'two']);
    });
  });
}
