/** An event that concerns us goes into the queue; nothing is decided here but that. */
import type { JobEvent } from '../core/job.ts';
import type { Message } from '../core/message.ts';
import { parseMintedName } from '../core/name.ts';
import { poolFor } from '../core/pool.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';

export type ReceiveAnswer = { kind: 'enqueued' } | { kind: 'ignored'; reason: string };

/** What is put into the queue for an event that concerns us. */
export type JobMessage = { kind: 'message'; body: Message; group: string };

export async function receive(
  world: Pick<World, 'queue' | 'clock'>,
  config: Pick<Config, 'pools' | 'prefix'>,
  delivery: { id: string; event: JobEvent },
): Promise<ReceiveAnswer> {
  const message = messageFor(config, delivery, world.clock.now());
  if (message.kind === 'ignored') return message;
  const { body, group } = message;
  await world.queue.send([{ body, group }]);
  return { kind: 'enqueued' };
}

/** A job that a pool serves, or that a runner of ours has taken. */
export function messageFor(
  config: Pick<Config, 'pools' | 'prefix'>,
  { id, event }: { id: string; event: JobEvent },
  receivedAt: number,
): JobMessage | { kind: 'ignored'; reason: string } {
  const match = poolFor(config.pools, event);
  const isOurs = parseMintedName(config.prefix, event.runnerName ?? '') !== undefined;
  if ('ignored' in match && !isOurs) return { kind: 'ignored', reason: match.ignored };
  return {
    kind: 'message',
    body: { kind: 'job', event, delivery: id, receivedAt },
    group: `${event.owner}/${event.repository}`,
  };
}
