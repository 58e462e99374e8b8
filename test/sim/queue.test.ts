import { expect, test } from '@jest/globals';
import { seededChance } from '../../lib/sim/chance.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimQueue, type ReceivedMessage, type SimQueueSettings } from '../../lib/sim/queue.ts';

function aQueue(overrides: Partial<SimQueueSettings> = {}) {
  const clock = virtualClock(0);
  const settings = { clock, chance: seededChance(1), visibilitySeconds: 30, maxReceiveCount: 3, ...overrides };
  return { clock, queue: createSimQueue(settings) };
}

const bodies = (messages: ReceivedMessage[]) => messages.map(({ body }) => body);

test('a message that is not removed comes again after its visibility, with a new receipt', async () => {
  const { clock, queue } = aQueue();
  queue.deliver('a');
  const [first] = queue.receive(10);
  expect(first).toMatchObject({ body: 'a', receives: 1 });
  expect(queue.receive(10)).toEqual([]);
  expect(queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0, deadLetters: 0 });
  await clock.runUntil(30_000);
  const [second] = queue.receive(10);
  expect(second).toMatchObject({ id: first?.id, receives: 2 });
  expect(queue.remove(first?.receipt ?? '')).toBe(false);
  expect(queue.remove(second?.receipt ?? '')).toBe(true);
  await clock.runUntil(100_000);
  expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 });
});

test('a message that is visible again can still be removed by its last receipt', async () => {
  const { clock, queue } = aQueue();
  queue.deliver('a');
  const [first] = queue.receive(1);
  await clock.runUntil(30_000);
  expect(queue.remove(first?.receipt ?? '')).toBe(true);
  expect(queue.receive(1)).toEqual([]);
});

test('a message that was received too often is a dead letter', async () => {
  const { clock, queue } = aQueue();
  queue.deliver('poison');
  for (const at of [30_000, 60_000, 90_000]) {
    expect(queue.receive(1)).toHaveLength(1);
    await clock.runUntil(at);
  }
  expect(queue.receive(1)).toEqual([]);
  expect(queue.deadLetters()).toMatchObject([{ body: 'poison', receives: 3 }]);
  expect(queue.counts()).toMatchObject({ visible: 0, inFlight: 0, deadLetters: 1 });
});

test('visibility can be changed, also to nothing', async () => {
  const { clock, queue } = aQueue();
  queue.deliver('a');
  const [message] = queue.receive(1);
  expect(queue.changeVisibility(message?.receipt ?? '', 60)).toBe(true);
  await clock.runUntil(59_000);
  expect(queue.receive(1)).toEqual([]);
  await clock.runUntil(60_000);
  const [again] = queue.receive(1);
  expect(queue.changeVisibility(again?.receipt ?? '', 0)).toBe(true);
  expect(queue.receive(1)).toHaveLength(1);
});

test('at most ten at a time, and listeners hear of each that becomes visible', async () => {
  const { clock, queue } = aQueue();
  let heard = 0;
  queue.onVisible(() => heard++);
  for (let index = 0; index < 12; index++) queue.deliver(`${index}`, { delaySeconds: index % 2 });
  expect(heard).toBe(6);
  await clock.runUntil(1_000);
  expect(heard).toBe(12);
  expect(queue.receive(100)).toHaveLength(10);
  expect(queue.receive(100)).toHaveLength(2);
});

test('order is only roughly kept', () => {
  const { queue } = aQueue();
  const sent = Array.from({ length: 50 }, (_, index) => `${index}`);
  for (const body of sent) queue.deliver(body);
  const received = Array.from({ length: 5 }, () => bodies(queue.receive(10))).flat();
  expect(received).not.toEqual(sent);
  expect([...received].sort()).toEqual([...sent].sort());
});

test('some messages come twice, even when they were removed', async () => {
  const { clock, queue } = aQueue({ duplicates: 0.5 });
  for (let index = 0; index < 50; index++) queue.deliver(`${index}`);
  const received: string[] = [];
  while (queue.counts().visible + queue.counts().delayed > 0) {
    for (const message of queue.receive(10)) {
      received.push(message.body);
      queue.remove(message.receipt);
    }
    await clock.runUntil(clock.now() + 1_000);
  }
  expect(new Set(received).size).toBe(50);
  expect(received.length).toBeGreaterThan(55);
  expect(queue.deadLetters()).toEqual([]);
});

test('a quiet tenant comes before the backlog of a noisy one', async () => {
  const { queue } = aQueue();
  for (let index = 0; index < 1_000; index++) queue.deliver('noisy', { group: 'noisy' });
  for (let batch = 0; batch < 3; batch++) queue.receive(10);
  queue.deliver('quiet', { group: 'quiet' });
  queue.deliver('of no group');
  expect(bodies(queue.receive(2)).sort()).toEqual(['of no group', 'quiet']);
  expect(bodies(queue.receive(1))).toEqual(['noisy']);
});

test('below thirty in flight nobody is noisy, and older messages come first', () => {
  const { queue } = aQueue();
  for (let index = 0; index < 1_000; index++) queue.deliver('many', { group: 'many' });
  queue.receive(10);
  queue.deliver('one', { group: 'one' });
  expect(bodies(queue.receive(10))).not.toContain('one');
});

test('who has sent nothing for five minutes is noisy no longer', async () => {
  const { clock, queue } = aQueue({ visibilitySeconds: 1_000 });
  for (let index = 0; index < 100; index++) queue.deliver('noisy', { group: 'noisy' });
  for (let batch = 0; batch < 3; batch++) queue.receive(10);
  await clock.runUntil(5 * 60_000);
  queue.deliver('quiet', { group: 'quiet' });
  expect(bodies(queue.receive(10))).not.toContain('quiet');
});

test('a send that fails before has sent nothing, one that fails after has', async () => {
  const failing = (when: 'before' | 'after') =>
    aQueue({
      [when]: (operation: string) => {
        throw new Error(`crash at ${operation}`);
      },
    }).queue;
  const message = { body: { kind: 'look', pool: 'default' } } as const;
  const before = failing('before');
  await expect(before.send([message])).rejects.toThrow('crash at queue.send');
  expect(before.counts().visible).toBe(0);
  const after = failing('after');
  await expect(after.send([message])).rejects.toThrow('crash at queue.send');
  expect(after.counts().visible).toBe(1);
});
