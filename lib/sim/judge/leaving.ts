/** Who leaves without having run a job: as long as GitHub knows its runner, it may be given one. */
import type { TaskChange, TaskEntry } from '../ecs-service/books.ts';
import type { Books } from '../github-service/books.ts';
import { taskNameOf } from './names.ts';

/** With which a container ends that nobody wants, and that has been told so. */
const EXIT_TOLD_TO_GO = 0;

/** What is wrong about the end of a task in which no job has run; `undefined`: nothing. */
export function heldRegistration({ runners }: Books, task: TaskEntry, change: TaskChange): string | undefined {
  const isStopped = change === 'stop requested';
  const isToldToGo = change === 'container ended' && task.exitCode === EXIT_TOLD_TO_GO;
  if (!isStopped && !isToldToGo) return undefined;
  for (const { name, state, everConnected } of runners.values()) {
    if (taskNameOf(name) !== task.startedBy) continue;
    // Whoever is not connected cannot be given a job: it may be stopped.
    if (isStopped && (state === 'idle' || state === 'assigned')) return `stop requested while ${name} is ${state}`;
    if (isToldToGo && everConnected) return `told to go while ${name} is ${state}`;
  }
  return undefined;
}
