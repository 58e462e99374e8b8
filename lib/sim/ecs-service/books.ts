/** The simulated ECS's own books, from which its promises are judged: what really happened, never forgotten. */
import type { EcsTask, StopCode } from './state.ts';

/** One task that was ever started. Times in milliseconds since 1970. */
export type TaskEntry = {
  taskArn: string;
  cluster: string;
  family: string;
  startedBy?: string;
  clientToken?: string;
  /** The role that it has: its own, or else its task definition's. */
  role?: string;
  createdAt: number;
  /** The container came up. */
  ran: boolean;
  startedAt?: number;
  /** Somebody called StopTask. */
  stopRequestedAt?: number;
  /** The container has ended, or vanished with its instance. */
  containerEndedAt?: number;
  /** It vanished with its instance. */
  lost?: true;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  exitCode?: number;
};

export type OperationCount = { calls: number; ok: number; errors: Record<string, number> };

/** What became of a task: it was started, its container is up, somebody calls StopTask, its container has ended, it is STOPPED. */
export type TaskChange = 'created' | 'ran' | 'stop requested' | 'container ended' | 'stopped';
export type OnTask = (task: Readonly<TaskEntry>, change: TaskChange, alive: number) => void;

export type Books = {
  tasks: Map<string, TaskEntry>;
  aliveByFamily: Map<string, number>;
  aliveMaxByFamily: Map<string, number>;
  operations: Map<string, OperationCount>;
  onTask: OnTask;
};

/** What `books()` gives: a copy that later events do not change. */
export type BooksReport = {
  /** In the order of their creation. */
  tasks: TaskEntry[];
  /** Tasks that are not STOPPED now. */
  aliveByFamily: Record<string, number>;
  /** The most tasks of a family that were not STOPPED at the same time. */
  aliveMaxByFamily: Record<string, number>;
  operations: Record<string, OperationCount>;
};

export function createBooks(onTask: OnTask = () => undefined): Books {
  return { onTask, tasks: new Map(), aliveByFamily: new Map(), aliveMaxByFamily: new Map(), operations: new Map() };
}

export function enterTask(books: Books, task: EcsTask): void {
  const { startedBy, clientToken } = task.request;
  const family = task.definition.family;
  const role = task.request.overrides?.taskRoleArn ?? task.definition.taskRoleArn;
  const entry: TaskEntry = {
    taskArn: task.taskArn,
    cluster: task.cluster.name,
    family,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(clientToken === undefined ? {} : { clientToken }),
    ...(role === undefined ? {} : { role }),
    createdAt: task.createdAt,
    ran: false,
  };
  books.tasks.set(task.taskArn, entry);
  const alive = (books.aliveByFamily.get(family) ?? 0) + 1;
  books.aliveByFamily.set(family, alive);
  books.aliveMaxByFamily.set(family, Math.max(alive, books.aliveMaxByFamily.get(family) ?? 0));
  books.onTask(entry, 'created', alive);
}

export function enterChange(books: Books, task: EcsTask, change: Partial<TaskEntry>): void {
  const entry = books.tasks.get(task.taskArn);
  if (entry === undefined) return;
  Object.assign(entry, change);
  books.onTask(entry, nameOf(change), books.aliveByFamily.get(entry.family) ?? 0);
}

export function enterStopped(books: Books, task: EcsTask): void {
  const { stoppedAt, stopCode, stoppedReason, exitCode } = task;
  const known = Object.entries({ stoppedAt, stopCode, stoppedReason, exitCode }).filter(
    ([, value]) => value !== undefined,
  );
  const family = task.definition.family;
  books.aliveByFamily.set(family, (books.aliveByFamily.get(family) ?? 0) - 1);
  enterChange(books, task, Object.fromEntries(known));
}

function nameOf(change: Partial<TaskEntry>): TaskChange {
  if (change.stoppedAt !== undefined) return 'stopped';
  if (change.containerEndedAt !== undefined) return 'container ended';
  return change.stopRequestedAt === undefined ? 'ran' : 'stop requested';
}

/** `error`: type of the exception that answered the call; absent: it was answered. */
export function enterCall(books: Books, operation: string, error?: string): void {
  const count = books.operations.get(operation) ?? { calls: 0, ok: 0, errors: {} };
  books.operations.set(operation, count);
  count.calls += 1;
  if (error === undefined) count.ok += 1;
  else count.errors[error] = (count.errors[error] ?? 0) + 1;
}

export function report(books: Books): BooksReport {
  return {
    tasks: [...books.tasks.values()].map((entry) => ({ ...entry })),
    aliveByFamily: Object.fromEntries(books.aliveByFamily),
    aliveMaxByFamily: Object.fromEntries(books.aliveMaxByFamily),
    operations: structuredClone(Object.fromEntries(books.operations)),
  };
}
