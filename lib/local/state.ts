/** What `GET /api/state` shows: the tables, the cluster, the queue; nothing secret (a seat's request holds its ticket). */
import type { FaultList } from '../sim/faults/table.ts';
import type { LocalFaults } from './faults.ts';
import type { LocalQueue, QueueCounts } from './queue.ts';
import { type LocalTables, readAll } from './tables.ts';

type Plain = Record<string, unknown>;

export type StackState = {
  /** The table `backlog`. */
  jobs: ({ id: number; pool: string; state: string } & Plain)[];
  /** The places taken in the table `runners`; `jobId`: the job that runs in it, or else that it is coming for. */
  runners: ({ name: string; pool: string; state: string; jobId?: number } & Plain)[];
  /** Those that ECS has not stopped. */
  tasks: ({ taskArn: string; pool: string; lastStatus: string } & Plain)[];
  queue: QueueCounts;
  /** Those that are on. */
  faults: FaultList;
};

export type StateSources = {
  queue: LocalQueue;
  tables: LocalTables;
  tasks: () => readonly Plain[];
  prefix: string;
  faults: Pick<LocalFaults, 'on'>;
};

export async function readState({ queue, tables, tasks, prefix, faults }: StateSources): Promise<StackState> {
  const [backlog, runners, counts] = await Promise.all([
    readAll(tables, 'backlog'),
    readAll(tables, 'runners'),
    queue.counts(),
  ]);
  return {
    jobs: backlog.map(({ job, version, ...shown }) => ({ id: job, ...shown }) as StackState['jobs'][number]),
    runners: runners.filter(({ kind }) => kind === 'runner').map(shownRunner),
    tasks: tasks()
      .filter(({ lastStatus }) => lastStatus !== 'STOPPED')
      .map((task) => shownTask(task, prefix)),
    queue: counts,
    faults: faults.on(),
  };
}

function shownRunner(seat: Plain): StackState['runners'][number] {
  const { version, kind, request, busyWith, serves, ...shown } = seat;
  const jobId = busyWith ?? serves;
  return { ...shown, ...(jobId === undefined ? {} : { jobId }) } as StackState['runners'][number];
}

function shownTask(task: Plain, prefix: string): StackState['tasks'][number] {
  const { taskArn, lastStatus, desiredStatus, startedBy, createdAt, startedAt, capacityProviderName } = task;
  const family = String(task['group']).replace(/^family:/, '');
  const pool = family.startsWith(`${prefix}-`) ? family.slice(prefix.length + 1) : family;
  const shown = { taskArn, pool, lastStatus, desiredStatus, startedBy, createdAt, startedAt, capacityProviderName };
  return shown as unknown as StackState['tasks'][number];
}
