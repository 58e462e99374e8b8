/** Somebody else's runner has the job's labels, too, and takes it before ours does. It is an enterprise's: on no list that the App sees. */
import type { Job } from './books.ts';
import type { Hub } from './hub.ts';
import { removeWaiting } from './matching.ts';

/** While our runner comes up, or has just come. */
const TAKEN_MS_MAX = 30 * 1000;
const RUNNER_ID = 999_999_999;

/** In a share of all cases (switch `takenElsewhere`). `start` and `end` change the job's state, and say so. */
export function takePerhaps(hub: Hub, job: Job, start: () => void, end: () => void): void {
  if (!hub.chance.happens(hub.faults.takenElsewhere)) return;
  hub.time.after(hub.chance.between(0, TAKEN_MS_MAX), () => {
    const [group] = job.run.repository.owner.groups;
    if (job.state !== 'queued' || job.assignedTo !== undefined || group === undefined) return;
    removeWaiting(job);
    job.runner = { id: RUNNER_ID, name: `somebody-${job.id}`, group };
    start();
    hub.time.after(job.durationSeconds * 1000, end);
  });
}
