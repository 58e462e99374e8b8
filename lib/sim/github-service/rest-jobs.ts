/** REST: workflow jobs and runs. */
import { answer, failure, notFound, paged, type RestAnswer } from './answers.ts';
import type { Job, Run } from './books.ts';
import type { Hub } from './hub.ts';
import { jobJson, repositoryJson, workflowRunExample } from './payloads.ts';
import { failedJobs, refusalOf, rerun } from './reruns.ts';
import type { RestCall, Route } from './rest.ts';
import { dateText } from './time.ts';

const READ = { name: 'actions', level: 'read' } as const;
const WRITE = { name: 'actions', level: 'write' } as const;
/** GitHub docs: a search of runs gives 1,000 results at most. */
const RUNS_MAX = 1000;
const CONCLUSIONS: ReadonlySet<string> = new Set(['success', 'failure', 'cancelled']);

export const jobRoutes: readonly Route[] = [
  route('/repos/{owner}/{repo}/actions/jobs/{job_id}', getJob),
  route('/repos/{owner}/{repo}/actions/runs', listRuns),
  route('/repos/{owner}/{repo}/actions/runs/{run_id}', getRun),
  route('/repos/{owner}/{repo}/actions/runs/{run_id}/jobs', listJobs),
  again('/repos/{owner}/{repo}/actions/jobs/{job_id}/rerun', rerunOneJob),
  again('/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs', rerunFailed),
];

function route(path: string, handler: Route['answer']): Route {
  return { method: 'GET', path, caller: 'installation', permission: READ, answer: handler };
}

function again(path: string, handler: Route['answer']): Route {
  return { method: 'POST', path, caller: 'installation', permission: WRITE, answer: handler };
}

function getJob(call: RestCall): RestAnswer {
  const job = call.hub.books.jobs.get(Number(call.params['job_id']));
  if (job === undefined || job.run.repository !== call.repository) return notFound();
  return answer(200, jobJson(seen(call, job), call.hub.faults.cancelledRunnerNull));
}

/** So long after a change a replica may not know it. */
const STALE_MS_MAX = 10 * 60 * 1000;

/** As it was before its last change: REST may lag behind the webhook (switch `staleJobs`). */
function seen({ hub }: RestCall, job: Job): Job {
  const changedAt = job.completedAt ?? job.startedAt ?? job.queuedAt;
  const isOld = hub.time.now() - changedAt >= STALE_MS_MAX;
  if (job.before === job.state || isOld || !hub.chance.happens(hub.faults.staleJobs)) return job;
  const earlier = { ...job, state: job.before, conclusion: null, completedAt: undefined };
  return job.before === 'in_progress' ? earlier : { ...earlier, runner: undefined, startedAt: undefined };
}

function listRuns(call: RestCall): RestAnswer {
  const { status } = call.request.query ?? {};
  const runs = (call.repository?.runs ?? []).filter((run) => status === undefined || hasStatus(call.hub, run, status));
  const newest = runs.slice(-RUNS_MAX).reverse();
  return paged(call.request, newest, (page) => ({
    total_count: runs.length,
    workflow_runs: page.map((run) => runJson(call.hub, run)),
  }));
}

function getRun(call: RestCall): RestAnswer {
  const run = runOf(call);
  return run === undefined ? notFound() : answer(200, runJson(call.hub, run));
}

function runOf(call: RestCall): Run | undefined {
  const run = call.hub.books.runs.get(Number(call.params['run_id']));
  return run?.repository === call.repository ? run : undefined;
}

function rerunOneJob(call: RestCall): RestAnswer {
  const job = call.hub.books.jobs.get(Number(call.params['job_id']));
  if (job === undefined || job.run.repository !== call.repository) return notFound();
  if (!job.run.jobs.includes(job)) return failure(403, 'This workflow run cannot be retried');
  return rerunAnswer(call, job.run, [job], 'The workflow run containing this job is already running');
}

function rerunFailed(call: RestCall): RestAnswer {
  const run = runOf(call);
  return run === undefined
    ? notFound()
    : rerunAnswer(call, run, failedJobs(run), 'This workflow run is already running');
}

/** GitHub's own words, as far as they were seen (cli/cli#9221, metabase/metabase#70916). */
function rerunAnswer({ hub }: RestCall, run: Run, jobs: readonly Job[], running: string): RestAnswer {
  const refusal = refusalOf(hub, run);
  if (refusal === 'running') return failure(403, running);
  if (refusal === 'too old') {
    return failure(403, 'Unable to retry this workflow run because it was created over a month ago');
  }
  if (refusal !== undefined || jobs.length === 0) return failure(403, 'This workflow run cannot be retried');
  rerun(hub, run, jobs, 'app');
  return answer(201, {});
}

function listJobs(call: RestCall): RestAnswer {
  const run = runOf(call);
  if (run === undefined) return notFound();
  return paged(call.request, run.jobs, (page) => ({
    total_count: run.jobs.length,
    jobs: page.map((job) => jobJson(seen(call, job), call.hub.faults.cancelledRunnerNull)),
  }));
}

/** GitHub's filter takes statuses and conclusions alike. */
function hasStatus(hub: Hub, run: Run, status: string): boolean {
  return CONCLUSIONS.has(status) ? conclusionOf(hub, run) === status : statusOf(hub, run) === status;
}

function statusOf({ faults }: Hub, run: Run): string {
  if (run.jobs.every((job) => job.state === 'completed')) return 'completed';
  if (faults.heldRunsWaiting && run.jobs.some((job) => job.state === 'held')) return 'waiting';
  if (run.jobs.some((job) => job.state === 'in_progress' || job.state === 'completed')) return 'in_progress';
  if (run.jobs.some((job) => job.state === 'queued')) return 'queued';
  return run.jobs.some((job) => job.blocked) ? 'pending' : 'waiting';
}

function conclusionOf(hub: Hub, run: Run): string | null {
  if (statusOf(hub, run) !== 'completed') return null;
  const conclusions = run.jobs.map((job) => job.conclusion);
  // Whoever cancels jobs here has cancelled the run.
  return ['cancelled', 'failure'].find((conclusion) => conclusions.includes(conclusion)) ?? 'success';
}

/** GitHub's example with everything that is read replaced. */
function runJson(hub: Hub, run: Run) {
  const { repository } = run;
  const { owner, name } = repository;
  const url = `https://api.github.com/repos/${owner.login}/${name}/actions/runs/${run.id}`;
  const place = repositoryJson(repository);
  return {
    ...workflowRunExample(),
    id: run.id,
    name: 'CI',
    display_title: 'CI',
    run_number: 1,
    run_attempt: run.attempt,
    head_sha: run.sha,
    head_branch: 'main',
    event: 'push',
    status: statusOf(hub, run),
    conclusion: conclusionOf(hub, run),
    path: '.github/workflows/ci.yml',
    url,
    jobs_url: `${url}/jobs`,
    html_url: `https://github.com/${owner.login}/${name}/actions/runs/${run.id}`,
    created_at: dateText(run.createdAt),
    updated_at: dateText(run.createdAt),
    run_started_at: dateText(run.createdAt),
    pull_requests: [],
    repository: place,
    head_repository: place,
  };
}
