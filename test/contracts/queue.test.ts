import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { createQueue } from '../../lib/live/queue.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimQueue } from '../../lib/sim/queue.ts';
import { queueContract, type Sent } from '../support/contract-queue.ts';
import { sqsClient } from '../support/sqs.ts';

queueContract('the queue in SQS', async () => {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const { queueUrl } = server.createQueue('demand');
  const client = sqsClient(`http://127.0.0.1:${server.port}`);
  return {
    queue: createQueue({ client, url: queueUrl }),
    sent: async () => sentTo(server),
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
});

function sentTo(server: FauxqsServer): Sent[] {
  const { ready, delayed } = server.inspectQueue('demand')?.messages ?? { ready: [], delayed: [] };
  return [...ready, ...delayed].map(({ body, sentTimestamp, delayUntil }) => ({
    body,
    delaySeconds: ((delayUntil ?? sentTimestamp) - sentTimestamp) / 1000,
  }));
}

queueContract('the simulated queue', async () => {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const queue = createSimQueue({ clock, chance: seededChance(1), visibilitySeconds: 10_000, maxReceiveCount: 5 });
  const sent: Sent[] = [];
  return {
    queue,
    sent: async () => {
      do {
        for (const { body, sentAt } of receiveAll()) sent.push({ body, delaySeconds: (clock.now() - sentAt) / 1000 });
        await clock.runUntil(clock.now() + 1000);
      } while (queue.counts().delayed > 0 || queue.counts().visible > 0);
      return sent;
    },
    close: async () => {},
  };

  function receiveAll() {
    return Array.from({ length: queue.counts().visible }, () => queue.receive(1)).flat();
  }
});
