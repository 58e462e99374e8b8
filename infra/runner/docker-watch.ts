/** Whether Docker works: until a job has come it has to, and then it is the job's own business. */
import { answers } from './engine.ts';
import { DOCKER_LOOK_MS, DOCKER_MISSES_MAX, DOCKER_MS_MAX, DOCKER_WATCH_MS } from './limits.ts';
import { JOB_SOCKET } from './paths.ts';
import { say } from './say.ts';
import { wait } from './wait.ts';

export type Watch = {
  /** Before a job has come: it does not work any more, and the reason is said. */
  broken: AbortController;
  /** A job has come: nothing that breaks ends the runner now. */
  kept: boolean;
  closed: AbortController;
  breaks: (what: string) => void;
};

export function watchDocker(): Watch {
  const watch: Watch = {
    broken: new AbortController(),
    kept: false,
    closed: new AbortController(),
    breaks: (what) => {
      if (watch.closed.signal.aborted || watch.broken.signal.aborted) return;
      say(watch.kept ? `${what}; the job goes on without it` : what);
      if (!watch.kept) watch.broken.abort();
    },
  };
  return watch;
}

/** Through the proxy, as the job will ask. */
export async function untilItAnswers(watch: Watch, told: AbortSignal): Promise<void> {
  const deadline = Date.now() + DOCKER_MS_MAX;
  const ends = AbortSignal.any([watch.broken.signal, told]);
  while (!ends.aborted && !(await answers(JOB_SOCKET))) {
    if (Date.now() > deadline) watch.breaks(`Docker does not answer within ${DOCKER_MS_MAX / 1000} s`);
    await wait(DOCKER_LOOK_MS, ends);
  }
}

/** A daemon that hangs takes no job. Not asked any more once a job runs: it may be as busy as it likes. */
export async function lookUntilKept(watch: Watch): Promise<void> {
  const ends = AbortSignal.any([watch.broken.signal, watch.closed.signal]);
  let misses = 0;
  while (!ends.aborted && !watch.kept) {
    await wait(DOCKER_WATCH_MS, ends);
    misses = (await answers(JOB_SOCKET)) ? 0 : misses + 1;
    if (misses >= DOCKER_MISSES_MAX && !watch.kept) watch.breaks('Docker does not answer any more');
  }
}
