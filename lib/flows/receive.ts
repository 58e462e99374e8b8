/** An event that concerns us goes into the queue; nothing is decided here but that. */
import type { JobEvent } from '../core/job.ts';
import { parseMintedName } from '../core/name.ts';
import { poolFor } from '../core/pool.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';

export type ReceiveAnswer = { kind: 'enqueued' } | { kind: 'ignored'; reason: string };

export async function receive(
  world: Pick<World, 'queue' | 'clock'>,
  config: Pick<Config, 'pools' | 'prefix'>,
  delivery: { id: string; event: JobEvent },
): Promise<ReceiveAnswer> {
  const { event } = delivery;
  const match = poolFor(config.pools, event);
  const isOurs = parseMintedName(config.prefix, event.runnerName ?? '') !== undefined;
  if ('ignored' in match && !isOurs) return { kind: 'ignored', reason: match.ignored };
  const body = { kind: 'job', event, delivery: delivery.id, receivedAt: world.clock.now() } as const;
  await world.queue.send([{ body, group: `${event.owner}/${event.repository}` }]);
  return { kind: 'enqueued' };
}
