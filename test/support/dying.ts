/** A stage on which jobs die with their instance, and what GitHub's books say of their re-runs. */
import type { LostRecord } from '../../lib/core/lost.ts';
import { aPool } from './pools.ts';
import { createStage, type Stage, type StageOptions } from './stage.ts';

const MAY_RERUN = {
  metadata: 'read',
  actions: 'write',
  organization_self_hosted_runners: 'write',
  administration: 'write',
};

export const grant = (stage: Stage, actions: 'read' | 'write' = 'write') =>
  stage.github.control.putInstallation({
    owner: 'octo-org',
    kind: 'Organization',
    permissions: { ...MAY_RERUN, actions },
  });

/** Its pool wants so many re-runs, and the App may ask for them. */
export async function aDyingStage(rerunsMax = 2, options: StageOptions = {}): Promise<Stage> {
  const stage = await createStage({ pools: [aPool({ rerunsMax })], ...options });
  grant(stage);
  return stage;
}

/** All instances go, without a warning. */
export function killAll({ ecs }: Stage): void {
  for (const { ec2InstanceId } of ecs.instances()) ecs.killInstance(String(ec2InstanceId));
}

export async function untilBusy(stage: Stage, count = 1): Promise<void> {
  const busy = () => stage.github.control.runners().filter((runner) => runner.busy).length;
  if (!(await stage.until(() => busy() === count, 10))) throw new Error(`${busy()} runners work instead of ${count}`);
}

/** Who asked for what, by GitHub's own books. */
export const reruns = ({ github }: Stage) =>
  github.books.reruns.map(({ by, attempt, jobs }) => ({ by, attempt, jobs: jobs.map(({ name }) => name).sort() }));

export const conclusions = ({ github }: Stage) =>
  [...github.books.runs.values()].flatMap(({ jobs }) => jobs.map(({ conclusion }) => conclusion));

export const said = (stage: Stage, decision: string) =>
  stage.lines.filter((line) => line.decision === decision).map(({ reason }) => reason);

/** Those that are still owed something. */
export const lostRecords = (stage: Stage): LostRecord[] =>
  stage.runners
    .all()
    .filter((record): record is LostRecord => record.kind === 'lost')
    .filter(({ again }) => again === undefined);
