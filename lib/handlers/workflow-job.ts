/** GitHub's `workflow_job` event, projected to what decisions need; vendor shapes end here. */
import * as z from 'zod/mini';
import type { JobEvent } from '../core/job.ts';

/**
 * As little as is needed, so that GitHub may add and change the rest. `runner_name` is null, "" or absent for none
 * (GitHub docs and field reports differ), `installation` is there for App hooks only.
 */
const schema = z.object({
  action: z.string(),
  workflow_job: z.object({
    id: z.int(),
    run_id: z.optional(z.int()),
    run_attempt: z.optional(z.int()),
    name: z.string(),
    labels: z.array(z.string()),
    created_at: z.optional(z.nullable(z.string())),
    started_at: z.optional(z.nullable(z.string())),
    conclusion: z.optional(z.nullable(z.string())),
    runner_name: z.optional(z.nullable(z.string())),
  }),
  repository: z.object({ name: z.string(), owner: z.object({ login: z.string(), type: z.optional(z.string()) }) }),
  installation: z.optional(z.object({ id: z.int() })),
});

const STATES: Record<string, JobEvent['state'] | undefined> = {
  queued: 'queued',
  in_progress: 'in_progress',
  completed: 'completed',
};

export type Projection =
  | { kind: 'event'; event: JobEvent }
  | { kind: 'ignored'; reason: string }
  | { kind: 'invalid'; reason: string };

/** The action counts, not the status: GitHub's schemas allow them to differ. */
export function projectWorkflowJob(payload: unknown, now: number): Projection {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) {
    const places = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    return { kind: 'invalid', reason: `this is no workflow_job event: look at ${places || 'the whole body'}` };
  }
  const { action, workflow_job: job, repository, installation } = parsed.data;
  const state = Object.hasOwn(STATES, action) ? STATES[action] : undefined;
  if (state === undefined)
    return { kind: 'ignored', reason: `action ${JSON.stringify(action.slice(0, 50))} asks for nothing` };
  if (installation === undefined) {
    return {
      kind: 'ignored',
      reason: 'no installation: the hook of the GitHub App is needed, not one of a repository',
    };
  }
  return {
    kind: 'event',
    event: {
      job: job.id,
      ...(job.run_id !== undefined && { run: job.run_id }),
      attempt: job.run_attempt ?? 1,
      state,
      installation: installation.id,
      owner: repository.owner.login,
      repository: repository.name,
      ownerIsUser: repository.owner.type === 'User',
      labels: job.labels,
      name: job.name,
      createdAt: time(job.created_at) ?? time(job.started_at) ?? now,
      ...(job.runner_name && { runnerName: job.runner_name }),
      ...(state === 'completed' && job.conclusion && { conclusion: job.conclusion }),
    },
  };
}

function time(text: string | null | undefined): number | undefined {
  const parsed = Date.parse(text ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}
