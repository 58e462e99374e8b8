/** The simulated ECS's own books, from which its promises are judged: what really happened, never forgotten. */
import type { EcsTask, StopCode } from './state.ts';

/** One task that was ever started. Times in milliseconds since 1970. */
export type TaskEntry = {
  taskArn: string;
  cluster: string;
  family: string;
  startedBy?: string;
  clientToken?: string;
  createdAt: number;
  /** The container came up. */
  ran: boolean;
  startedAt?: number;
  /** Somebody called StopTask. */
  stopRequestedAt?: number;
  /** The container has ended, or vanished with its instance. */
  containerEndedAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  exitCode?: number;
};

export type OperationCount = { calls: number; ok: number; errors: Record<string, number> };

export type Books = {
  tasks: Map<string, TaskEntry>;
  aliveByFamily: Map<string, number>;
  aliveMaxByFamily: Map<string, number>;
  operations: Map<string, OperationCount>;
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

export function createBooks(): Books {
  return { tasks: new Map(), aliveByFamily: new Map(), aliveMaxByFamily: new Map(), operations: new Map() };
}

export function enterTask(books: Books, task: EcsTask): void {
  const { startedBy, clientToken } = task.request;
  const family = task.definition.family;
  books.tasks.set(task.taskArn, {
    taskArn: task.taskArn,
    cluster: task.cluster.name,
    family,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(clientToken === undefined ? {} : { clientToken }),
    createdAt: task.createdAt,
    ran: false,
  });
  const alive = (books.aliveByFamily.get(family) ?? 0) + 1;
  books.aliveByFamily.set(family, alive);
  books.aliveMaxByFamily.set(family, Math.max(alive, books.aliveMaxByFamily.get(family) ?? 0));
}

export function enterChange(books: Books, task: EcsTask, change: Partial<TaskEntry>): void {
  const entry = books.tasks.get(task.taskArn);
  if (entry !== undefined) Object.assign(entry, change);
}

export function enterStopped(books: Books, task: EcsTask): void {
  const { stoppedAt, stopCode, stoppedReason, exitCode } = task;
  const known = Object.entries({ stoppedAt, stopCode, stoppedReason, exitCode }).filter(
    ([, value]) => value !== undefined,
  );
  enterChange(books, task, Object.fromEntries(known));
  const family = task.definition.family;
  books.aliveByFamily.set(family, (books.aliveByFamily.get(family) ?? 0) - 1);
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
