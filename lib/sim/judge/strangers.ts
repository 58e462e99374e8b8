/** Only who should is answered: what somebody tries who may not is refused, and changes nothing. */
import type { TaskEntry } from '../ecs-service/books.ts';
import type { Books } from '../github-service/books.ts';
import type { Answered, Attempt } from '../strangers/attempt.ts';
import { launchNamed } from './names.ts';

/** What is wrong with the answer; `undefined`: nothing. None at all is nothing learnt. */
export function wrongAnswer(attempt: Attempt, { status, changes }: Answered): string | undefined {
  if (changes.length > 0) return `${attempt.what} makes the service call ${changes.join(', ')}`;
  if (status === undefined || isRefusal(attempt, status)) return undefined;
  return `${attempt.what} is answered ${status}`;
}

/**
 * Whoever has no right credential is told that, and nothing about the runner: not even that it is gone. Whoever has its ticket
 * may be told that it is, or to come again.
 */
function isRefusal({ door, knowsTicket }: Attempt, status: number): boolean {
  if (knowsTicket) return status >= 400;
  return door === 'webhook' ? status >= 400 && status < 500 : status === 401 || status === 403;
}

/** A task for a job that GitHub never had; `undefined`: it is none. */
export function launchedForNothing({ jobs }: Books, { startedBy = '' }: TaskEntry): string | undefined {
  const job = launchNamed(startedBy)?.job ?? 0;
  return job === 0 || jobs.has(job) ? undefined : `${startedBy} is launched for a job that GitHub does not know`;
}
