/** All figures of one run, and how they compare with the targets. */
import { cpus } from 'node:os';
import { type MeasuredBatch, measureBatch } from './batch.ts';
import { buildAll, type MeasuredBundle, measureBundles } from './bundles.ts';
import { githubCalls, type MeasuredBurst, measureBurst } from './burst.ts';
import { BATCH_MS, BUNDLE_LIMITS, GITHUB_CALLS_PER_JOB, MATCHED_EVENT_US, type Target, target } from './targets.ts';
import { type MeasuredEvent, measureWebhook } from './webhook.ts';

export type Figures = {
  date: string;
  node: string;
  cpu: string;
  bundles: MeasuredBundle[];
  events: MeasuredEvent[];
  batch: MeasuredBatch;
  burst: MeasuredBurst;
  targets: Target[];
};

/** Built in `outdir`; `doing` is told what comes next. */
export async function measureAll(outdir: string, rounds: number, doing: (what: string) => void): Promise<Figures> {
  doing('building the bundles');
  const built = await buildAll(outdir);
  doing(`loading each bundle in ${rounds} fresh processes`);
  const compared = built.filter(({ name }) => name !== 'webhook-events');
  const bundles = await measureBundles(compared, rounds);
  doing('counting the CPU of webhook events');
  const events = await measureWebhook(outdir);
  doing('launching a batch of ten');
  const batch = await measureBatch();
  doing('running a burst of jobs in virtual time');
  const burst = await measureBurst();
  const measures = { bundles, events, batch, burst };
  return { ...machine(), ...measures, targets: targetsOf(measures) };
}

function machine(): Pick<Figures, 'date' | 'node' | 'cpu'> {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: `${all.length} × ${all[0]?.model ?? 'unknown'}`,
  };
}

function targetsOf({
  bundles,
  events,
  batch,
  burst,
}: Pick<Figures, 'bundles' | 'events' | 'batch' | 'burst'>): Target[] {
  const ofBundles = bundles.flatMap(({ name, bytes, importOverEmptyMs }) => {
    const limits = BUNDLE_LIMITS[name];
    if (limits === undefined) return [];
    return [
      target(`${name}: bundle`, bytes / 1000, limits.kilobytes, 'kB', true),
      target(`${name}: import over empty`, importOverEmptyMs, limits.importMs, 'ms', false),
    ];
  });
  const matched = events.filter(({ event }) => event === 'matched');
  const perJob = githubCalls(burst.service) / burst.jobs;
  return [
    ...ofBundles,
    ...matched.map((one) =>
      target('matched event without the client', one.withoutClientUs, MATCHED_EVENT_US, 'µs', false),
    ),
    target(`batch of ${batch.launches} launches`, batch.ms, BATCH_MS, 'ms', false),
    target('GitHub calls per job', perJob, GITHUB_CALLS_PER_JOB, '', true),
  ];
}
