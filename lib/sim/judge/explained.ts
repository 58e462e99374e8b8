/** Every decision can be explained: whatever was done to a task, a line says so, with the reason. */
import type { TaskChange } from '../ecs-service/books.ts';

/** Calls of ECS: RunTask, StopTask. */
export type Done = 'start' | 'stop';

export type Explained = {
  onTask: (runner: string, change: TaskChange) => void;
  /** A line says what was done, or tried, about that runner's task. */
  onLine: (runner: string, done: Done) => void;
  /** What was done and nobody can explain, a minute later: the line comes after the call. */
  unexplained: () => string[];
};

/** No function lives longer. */
const LINE_MS = 60_000;

const DONE: Partial<Record<TaskChange, Done>> = { created: 'start', 'stop requested': 'stop' };
const SAID: Readonly<Record<Done, string>> = { start: 'was started', stop: 'was told to stop' };

export function createExplained(now: () => number): Explained {
  /** When (ms since 1970), by runner. */
  const done = { start: new Map<string, number>(), stop: new Map<string, number>() };
  const explained = { start: new Set<string>(), stop: new Set<string>() };
  return {
    onTask: (runner, change) => {
      const what = DONE[change];
      if (what !== undefined) done[what].set(runner, now());
    },
    onLine: (runner, what) => explained[what].add(runner),
    unexplained: () =>
      (['start', 'stop'] as const).flatMap((what) =>
        [...done[what]]
          .filter(([runner, at]) => at < now() - LINE_MS && !explained[what].has(runner))
          .map(([runner]) => `the task of ${runner} ${SAID[what]}, and no line says why`),
      ),
  };
}
