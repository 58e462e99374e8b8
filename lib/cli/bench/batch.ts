/** How long the scaler takes for ten fresh events in one batch when every call to the outside takes 100 ms. */
import type { SQSEvent } from 'aws-lambda';
import type { BacklogRecord, JobRecord } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import type { Pool } from '../../core/pool.ts';
import { type PoolRecord, poolRecord, type RunnerRecord } from '../../core/runner.ts';
import type { Config } from '../../flows/config.ts';
import { scalerHandler } from '../../handlers/scaler.ts';
import { seededChance } from '../../sim/chance.ts';
import { type SimClock, scaledClock, sleep } from '../../sim/clock.ts';
import { createSimQueue } from '../../sim/queue.ts';
import { createSimListTable, createSimTable } from '../../sim/tables.ts';
import type { Cluster, GitHub, Identity, World } from '../../world.ts';

export type MeasuredBatch = { launches: number; callMs: number; ms: number };

const CALL_MS = 100;
const LAUNCHES = 10;

const pool: Pool = {
  name: 'default',
  labels: ['self-hosted', 'linux', 'x64', 'ecs'],
  docker: 'dind',
  max: 100,
  repositories: [],
  register: 'organization',
  group: 'Default',
  warm: 0,
  idleSecondsMax: 60,
  taskDefinition: 'bench-default:1',
};

/** Real time. Throws when anything but ten launches came of it. */
export async function measureBatch(): Promise<MeasuredBatch> {
  const clock = scaledClock({ origin: Date.now(), speed: 1 });
  const { world, tasks } = slowWorld(clock);
  // As after the first launch of the pool, whose container came up.
  const proven: Omit<PoolRecord, 'version'> = { ...poolRecord(pool.name), proven: pool.taskDefinition };
  await world.runners.put(proven, undefined);
  const config: Config = {
    mode: 'launch',
    prefix: 'bench',
    registrarUrl: 'https://api.example.org',
    pools: { pools: [pool] },
    ticketSecrets: ['a-ticket-secret'],
  };
  const handler = scalerHandler(world, async () => config);
  const batch = freshEvents(clock.now());
  const start = process.hrtime.bigint();
  const { batchItemFailures } = await handler(batch);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (batchItemFailures.length > 0 || tasks.size !== LAUNCHES) {
    throw new Error(`${tasks.size} launches of ${LAUNCHES}, and ${batchItemFailures.length} messages failed`);
  }
  return { launches: LAUNCHES, callMs: CALL_MS, ms };
}

function slowWorld(clock: SimClock): { world: World; tasks: ReadonlySet<string> } {
  const table = { clock, latencyMs: CALL_MS };
  const tasks = new Set<string>();
  const world: World = {
    clock,
    github: {} as GitHub,
    cluster: slowCluster(clock, tasks),
    identity: {} as Identity,
    queue: createSimQueue({ ...table, chance: seededChance(1), visibilitySeconds: 180, maxReceiveCount: 5 }),
    history: createSimTable<JobRecord, { job: number }>({ ...table, name: 'history', key: ['job'] }),
    backlog: createSimListTable<BacklogRecord, { pool: string; job: number }>({
      ...table,
      name: 'backlog',
      key: ['pool', 'job'],
    }),
    runners: createSimListTable<RunnerRecord, { pool: string; place: number }>({
      ...table,
      name: 'runners',
      key: ['pool', 'place'],
    }),
    log: () => {},
  };
  return { world, tasks };
}

/** A launch starts tasks and asks for nothing else; whatever else it called would fail here. */
function slowCluster(clock: SimClock, tasks: Set<string>): Cluster {
  const runTask: Cluster['runTask'] = async ({ name }) => {
    await sleep(clock, CALL_MS);
    tasks.add(name);
    const taskArn = `arn:aws:ecs:us-east-1:000000000000:task/bench/${tasks.size}`;
    return { kind: 'ok', value: { taskArn, startedBy: name, lastStatus: 'PROVISIONING' } };
  };
  return { runTask } as Cluster;
}

function freshEvents(now: number): SQSEvent {
  const bodies = Array.from(
    { length: LAUNCHES },
    (_, index): Message => ({
      kind: 'job',
      delivery: `72d3162e-cc78-11e3-81ab-00000000000${index}`,
      receivedAt: now,
      event: {
        job: 30_000_000_000 + index,
        attempt: 1,
        state: 'queued',
        installation: 1,
        owner: 'octo-org',
        repository: 'hello-world',
        ownerIsUser: false,
        labels: [...pool.labels],
        name: `build (${index})`,
        createdAt: now,
      },
    }),
  );
  const Records = bodies.map((body, index) => ({ messageId: `message-${index}`, body: JSON.stringify(body) }));
  return { Records } as unknown as SQSEvent;
}
