/**
 * GitHub as a function may use it: every call heeds the budget that all functions share, and what it shows that others
 * must know is noted there. A call that is not to be made is answered `retry`, as GitHub itself would have answered it.
 */
import type { Budget, Heard, Limit, Use } from '../core/budget.ts';
import { afterHearing, heldBack, needsProbe, withProbe } from '../core/budget.ts';
import { newInstallation } from '../core/pacing.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS, THE_APP } from '../core/runner.ts';
import type { GitHub, Outcome, World } from '../world.ts';
import { change } from './change.ts';

type Unstored = Omit<InstallationRecord, 'version'>;
type Guard = <Value>(installation: number, use: Use, call: () => Promise<Outcome<Value>>) => Promise<Outcome<Value>>;

/** What others have noted is read again after this long. */
const READ_AGAIN_MS = 5_000;

/** Every call of the port but `rateLimits`, which asks nobody. */
export function withinBudget(world: World): World {
  const guard = guardOf(world);
  const { github } = world;
  return {
    ...world,
    github: {
      ...github,
      registerRunner: (scope, runner) =>
        guard(scope.installation, 'registration', () => github.registerRunner(scope, runner)),
      registrationToken: (scope) => guard(scope.installation, 'registration', () => github.registrationToken(scope)),
      removeRunner: (scope, id) => guard(scope.installation, 'removal', () => github.removeRunner(scope, id)),
      findRunner: (scope, name) => guard(scope.installation, 'removal', () => github.findRunner(scope, name)),
      job: (repository, id) => guard(repository.installation, 'question', () => github.job(repository, id)),
      admittingGroups: (repository) =>
        guard(repository.installation, 'question', () => github.admittingGroups(repository)),
      listRunners: (scope, until) => guard(scope.installation, 'list', () => github.listRunners(scope, until)),
      runnerDeprecation: (scope, version) =>
        guard(scope.installation, 'list', () => github.runnerDeprecation(scope, version)),
      run: (repository, id) => guard(repository.installation, 'list', () => github.run(repository, id)),
      rerunJob: (repository, id) => guard(repository.installation, 'list', () => github.rerunJob(repository, id)),
      rerunFailedJobs: (repository, run) =>
        guard(repository.installation, 'list', () => github.rerunFailedJobs(repository, run)),
      repositories: (installation) => guard(installation, 'sweep', () => github.repositories(installation)),
      activeRuns: (repository, state, page) =>
        guard(repository.installation, 'sweep', () => github.activeRuns(repository, state, page)),
      runJobs: (repository, run, page) =>
        guard(repository.installation, 'sweep', () => github.runJobs(repository, run, page)),
      installations: () => guard(THE_APP, 'list', () => github.installations()),
      failedDeliveries: (cursor) => guard(THE_APP, 'list', () => github.failedDeliveries(cursor)),
      redeliver: (delivery) => guard(THE_APP, 'list', () => github.redeliver(delivery)),
    } satisfies GitHub,
  };
}

function guardOf(world: World): Guard {
  const known = new Map<number, { record: Unstored; readAt: number }>();

  async function recordOf(installation: number): Promise<Unstored> {
    const kept = known.get(installation);
    const now = world.clock.now();
    if (kept !== undefined && now - kept.readAt < READ_AGAIN_MS) return kept.record;
    return keep(installation, await world.runners.get({ pool: INSTALLATIONS, place: installation }));
  }

  function keep(installation: number, stored: unknown): Unstored {
    const record = asInstallation(stored) ?? newInstallation(installation, world.clock.now());
    known.set(installation, { record, readAt: world.clock.now() });
    return record;
  }

  /** Several calls of this invocation may be under way at once: one of them tries. */
  async function tries(installation: number): Promise<boolean> {
    let mine = false;
    const { after } = await change(world.runners, { pool: INSTALLATIONS, place: installation }, (stored) => {
      const record = asInstallation(stored);
      mine = record !== undefined && needsProbe(record, world.clock.now());
      return record !== undefined && mine ? withProbe(record, world.clock.now()) : stored;
    });
    keep(installation, after);
    return mine;
  }

  async function denied(installation: number, use: Use): Promise<{ reason: string; until: number } | undefined> {
    const record = await recordOf(installation);
    // Whoever registers has said so when it took its turn.
    if (use === 'registration' && record.quiet?.probing) return undefined;
    const now = world.clock.now();
    const own = await ownLimit(world, installation);
    const held = heldBack(record, own, use, now);
    if (held !== undefined || !needsProbe(record, now) || (await tries(installation))) return held;
    return heldBack(await recordOf(installation), own, use, world.clock.now());
  }

  async function note(installation: number, heard: Heard): Promise<void> {
    const before = await recordOf(installation);
    if (afterHearing(before, heard, world.clock.now()) === before) return;
    let was: Budget = before;
    const { after } = await change(world.runners, { pool: INSTALLATIONS, place: installation }, (stored) => {
      const record = asInstallation(stored);
      was = record ?? {};
      const next = afterHearing(record ?? before, heard, world.clock.now());
      return record !== undefined && next === record ? stored : next;
    });
    say(world, installation, was, keep(installation, after));
  }

  return async (installation, use, call) => {
    const refused = await denied(installation, use);
    if (refused !== undefined) {
      const retryAfterSeconds = Math.max(1, Math.ceil((refused.until - world.clock.now()) / 1000));
      return { kind: 'retry', reason: refused.reason, retryAfterSeconds };
    }
    const answer = await call();
    await note(installation, heardIn(answer, await ownLimit(world, installation)));
    return answer;
  };
}

function asInstallation(stored: unknown): InstallationRecord | undefined {
  const record = stored as InstallationRecord | undefined;
  return record?.kind === 'installation' ? record : undefined;
}

async function ownLimit(world: World, installation: number) {
  return (await world.github.rateLimits()).find((one) => one.installation === installation);
}

function heardIn(answer: Outcome<unknown>, limit: Limit | undefined): Heard {
  if (answer.kind === 'ok' || answer.why === undefined) return { kind: 'answer', limit };
  const { reason, why, retryAfterSeconds: seconds = 60 } = answer;
  return why === 'no answer' ? { kind: why, reason } : { kind: why, seconds, reason, limit };
}

/** Once for each time that the calls of an installation are held back, or go on. */
function say(world: World, installation: number, before: Budget, after: Budget): void {
  const about = installation === THE_APP ? {} : { installation };
  if (after.quiet !== undefined && after.quiet.until !== before.quiet?.until) {
    const { reason, why, until } = after.quiet;
    world.log({ decision: 'GitHub left alone', reason, why, until: new Date(until).toISOString(), ...about });
  } else if (before.quiet !== undefined && after.quiet === undefined) {
    const minutes = Math.round((world.clock.now() - before.quiet.since) / 60_000);
    world.log({ decision: 'GitHub asked again', reason: `it answers, after ${minutes} minutes`, ...about });
  }
  if (after.limit === undefined || after.limit === before.limit) return;
  const { limit, remaining, resetsAt } = after.limit;
  if (before.limit?.remaining === remaining && before.limit.resetsAt === resetsAt) return;
  const reason = `${remaining} of ${limit} calls are left: what is not urgent waits`;
  world.log({ decision: 'GitHub calls saved', reason, until: new Date(resetsAt).toISOString(), ...about });
}
