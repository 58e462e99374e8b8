/** What the pool's Docker mode needs, up and answering before the runner is registered; and watched from then on. */
import { startDaemon } from './daemon.ts';
import { startProxy } from './docker-proxy-process.ts';
import { lookUntilKept, untilItAnswers, type Watch, watchDocker } from './docker-watch.ts';
import { EXIT_NO_DOCKER, EXIT_WITHOUT_JOB } from './exit-codes.ts';
import type { User } from './runner-user.ts';
import { say } from './say.ts';
import { type SharedEngine, shareEngine } from './shared-engine.ts';

export type Place = { environment: NodeJS.ProcessEnv; name: string; home: string; user: User };
export type Docker = {
  /** Before a job has come: it does not work any more, and the reason is said. */
  broken: AbortSignal;
  /** Where jobs have to work, so that the daemon finds their files. */
  work: string | undefined;
  /** A job has come: nothing that breaks ends the runner from now on. */
  keep: () => void;
  /** What the job left on the instance is removed. */
  close: () => Promise<void>;
};

/** Ready, or the code to end with. */
export async function bootDocker(place: Place, told: AbortSignal): Promise<Docker | number> {
  const mode = place.environment['ECS_RUNNERS_DOCKER'] ?? 'none';
  if (mode !== 'dind' && mode !== 'socket') return NO_DOCKER;
  const watch = watchDocker();
  try {
    const shared = mode === 'socket' ? await shareEngine(place) : undefined;
    const docker = dockerOf(watch, shared);
    if (mode === 'dind') await startDaemon(place.environment, watch.breaks);
    startProxy(place, shared, watch);
    await untilItAnswers(watch, told);
    if (!told.aborted && !watch.broken.signal.aborted) {
      void lookUntilKept(watch);
      return docker;
    }
    await docker.close();
  } catch (error) {
    say(`Docker does not come up: ${(error as Error).message}`);
    return EXIT_NO_DOCKER;
  }
  if (watch.broken.signal.aborted) return EXIT_NO_DOCKER;
  say('told to stop before Docker was up');
  return EXIT_WITHOUT_JOB;
}

const NO_DOCKER: Docker = {
  broken: new AbortController().signal,
  work: undefined,
  keep: () => {},
  close: async () => {},
};

function dockerOf(watch: Watch, shared: SharedEngine | undefined): Docker {
  return {
    broken: watch.broken.signal,
    work: shared?.work,
    keep: () => {
      watch.kept = true;
    },
    close: async () => {
      watch.closed.abort();
      await shared?.close();
    },
  };
}
