/** A second deployment over the same GitHub and the same ECS, with tables and a queue of its own, that only observes. */
import type { SQSEvent } from 'aws-lambda';
import { intercepted } from '../../lib/cli/simulate/intercept.ts';
import type { BacklogRecord, JobRecord } from '../../lib/core/job.ts';
import type { Pool } from '../../lib/core/pool.ts';
import type { RunnerRecord } from '../../lib/core/runner.ts';
import { janitorHandler } from '../../lib/handlers/janitor.ts';
import { scalerHandler } from '../../lib/handlers/scaler.ts';
import { webhookHandler } from '../../lib/handlers/webhook.ts';
import { createSimQueue } from '../../lib/sim/queue.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import type { LogLine, World } from '../../lib/world.ts';
import { aConfig } from './pools.ts';
import type { Stage } from './stage.ts';
import { SECRET } from './stage.ts';

export type Observer = ReturnType<typeof createObserver>;

/** Its own webhook function is called by whoever gets GitHub's deliveries. */
export function createObserver({ clock, chance, world: outside }: Stage, pools: readonly Pool[]) {
  const config = { ...aConfig(pools), mode: 'observe' as const, prefix: 'observer' };
  const lines: LogLine[] = [];
  const calls: string[] = [];
  const table = { clock, latencyMs: 10 };
  const history = createSimTable<JobRecord, { job: number }>({ ...table, name: 'history', key: ['job'] });
  const backlog = createSimListTable<BacklogRecord, { pool: string; job: number }>({
    ...table,
    name: 'backlog',
    key: ['pool', 'job'],
  });
  const runners = createSimListTable<RunnerRecord, { pool: string; place: number }>({
    ...table,
    name: 'runners',
    key: ['pool', 'place'],
  });
  const queue = createSimQueue({ clock, chance, visibilitySeconds: 180, maxReceiveCount: 5 });
  const own: World = { ...outside, history, backlog, runners, queue, log: (line) => lines.push(line) };
  const world = intercepted(own, ({ when, call }) => {
    if (when === 'before') calls.push(call);
  });
  const readConfig = async () => config;
  const webhook = webhookHandler(world, async () => ({ ...config, webhookSecrets: [SECRET] }));
  const scaler = scalerHandler(world, readConfig);
  const janitor = janitorHandler(world, readConfig);
  let isScaling = false;
  queue.onVisible(async () => {
    if (isScaling) return;
    isScaling = true;
    for (let batch = queue.receive(10); batch.length > 0; batch = queue.receive(10)) {
      const Records = batch.map(({ id, body }) => ({ messageId: id, body }));
      const { batchItemFailures } = await scaler({ Records } as unknown as SQSEvent);
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { id, receipt } of batch) if (!failed.has(id)) queue.remove(receipt);
    }
    isScaling = false;
  });
  const tick = (): void => {
    clock.after(60_000, tick);
    void janitor();
  };
  clock.after(60_000, tick);
  return {
    lines,
    calls,
    history,
    backlog,
    runners,
    queue,
    deliver: ({ headers, body }: { headers: Readonly<Record<string, string>>; body: string }) =>
      webhook({ rawPath: '/webhook', headers: { ...headers }, body, isBase64Encoded: false }),
  };
}
