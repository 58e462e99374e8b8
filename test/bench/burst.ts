/**
 * Run as a process of its own by `npm run bench`: a burst of jobs through the whole service in virtual time. Sends how
 * often GitHub and AWS were called for it, as the simulated GitHub's and the ports' own books say.
 */
import type { MeasuredBurst } from '../../lib/cli/bench/burst.ts';
import { aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const JOBS = 1_000;
const MAX = 200;
const VIRTUAL_MINUTES_MAX = 120;
/** What other calls have seen. */
const ASKS_NOBODY = 'github.rateLimits';

process.send?.(await burst());
process.exit(0);

async function burst(): Promise<MeasuredBurst> {
  const service: Record<string, number> = {};
  const janitor: Record<string, number> = {};
  const stage = await createStage({
    pools: [aPool({ max: MAX })],
    watch: (name, { when, call }) => {
      const book = name === 'janitor' ? janitor : service;
      if (when === 'before' && call !== ASKS_NOBODY) book[call] = (book[call] ?? 0) + 1;
    },
  });
  const start = stage.clock.now();
  stage.addJobs({ count: JOBS, durationSeconds: 10 });
  for (let minute = 0; !(stage.allCompleted() && stage.seats().length === 0); minute++) {
    if (minute === VIRTUAL_MINUTES_MAX) throw new Error(`not all jobs ended within ${minute} virtual minutes`);
    await stage.minutes(1);
  }
  const virtualMinutes = (stage.clock.now() - start) / 60_000;
  const { '/app/installations/{installation_id}/access_tokens': tokens = 0, ...github } = Object.fromEntries(
    stage.github.calls,
  );
  return { jobs: JOBS, max: MAX, virtualMinutes, github, tokens, service, janitor };
}
