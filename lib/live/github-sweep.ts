/** What the sweep reads: where the App is installed, its repositories, their active runs, and the jobs of those. */
import type { RunJob } from '../core/sweep.ts';
import type { Clock, GitHub, Installation, InstalledRepository, Outcome, Page, Repository } from '../world.ts';
import { type Call, unreadable } from './errors.ts';
import { field, jobState, objects, pages, presentText, timeOf } from './github-answers.ts';
import type { AppRequests, Installations } from './github-app.ts';
import { createConditionalRead } from './github-conditional.ts';

const PAGE_ENTRIES = 100;
/** Repositories are made rarely. */
const REPOSITORIES_KEPT_MS = 15 * 60 * 1000;

type SweepReads = Pick<GitHub, 'installations' | 'repositories' | 'activeRuns' | 'runJobs'>;

export function createSweepReads(asApp: AppRequests, installations: Installations, clock: Clock): SweepReads {
  const conditional = createConditionalRead();
  const repositories = new Map<number, { readAt: number; list: InstalledRepository[] }>();

  /** A page of a list, which GitHub counts as a whole. */
  function page<Item>(
    repository: Repository,
    call: Call,
    list: { route: string; parameters: Record<string, unknown>; read: (data: unknown) => Item[] | undefined },
  ): Promise<Outcome<Page<Item>>> {
    return installations(repository.installation, call, async (octokit) => {
      const { owner, repository: name } = repository;
      const parameters = { owner, repo: name, per_page: PAGE_ENTRIES, ...list.parameters };
      const answer = await conditional(octokit, `GET /repos/{owner}/{repo}/${list.route}`, parameters, (data) => {
        const [items, total] = [list.read(data), field(data, 'total_count')];
        return items === undefined || typeof total !== 'number' ? undefined : { items, total };
      });
      if (answer === undefined) return unreadable(call);
      return { kind: 'ok', value: { ...answer.value, unchanged: answer.unchanged } };
    });
  }

  return {
    installations: () => readInstallations(asApp),
    repositories: async (installation) => {
      const kept = repositories.get(installation);
      if (kept !== undefined && clock.now() - kept.readAt < REPOSITORIES_KEPT_MS)
        return { kind: 'ok', value: kept.list };
      const read = await readRepositories(installations, installation);
      if (read.kind === 'ok') repositories.set(installation, { readAt: clock.now(), list: read.value });
      return read;
    },
    activeRuns: (repository, status, number) =>
      page(
        repository,
        { doing: `listing ${status} runs of ${where(repository)}`, effect: 'read' },
        { route: 'actions/runs', parameters: { status, page: number }, read: runIds },
      ),
    runJobs: (repository, run_id, number) =>
      page(
        repository,
        { doing: `listing the jobs of run ${run_id} of ${where(repository)}`, effect: 'read' },
        {
          route: 'actions/runs/{run_id}/jobs',
          parameters: { run_id, filter: 'latest', page: number },
          read: (data) => objects(data, 'jobs', (entry) => projectedJob(entry, run_id)),
        },
      ),
  };
}

function readInstallations(asApp: AppRequests): Promise<Outcome<Installation[]>> {
  const call: Call = { doing: 'listing the installations of the App', effect: 'read' };
  return asApp(call, async (octokit) => {
    const read = await pages(octokit, call, 'GET /app/installations', {}, (data) =>
      objects({ list: data }, 'list', projectedInstallation),
    );
    if (read.kind !== 'ok') return read;
    return { kind: 'ok', value: read.value.flatMap((one) => (one.isSuspended ? [] : [one.installation])) };
  });
}

/** An enterprise, which has no `login`, has no repositories either. */
function projectedInstallation({ id, account, suspended_at }: Record<string, unknown>) {
  if (typeof id !== 'number') return undefined;
  const owner = presentText(field(account, 'login'));
  const installation = { id, owner: owner ?? '', ownerIsUser: field(account, 'type') === 'User' };
  return { installation, isSuspended: owner === undefined || typeof suspended_at === 'string' };
}

async function readRepositories(
  installations: Installations,
  installation: number,
): Promise<Outcome<InstalledRepository[]>> {
  const call: Call = { doing: `listing the repositories of installation ${installation}`, effect: 'read' };
  return installations(installation, call, async (octokit) => {
    const read = await pages(octokit, call, 'GET /installation/repositories', {}, (data) =>
      objects(data, 'repositories', projectedRepository),
    );
    if (read.kind !== 'ok') return read;
    return { kind: 'ok', value: read.value.flatMap((one) => (one.isArchived ? [] : [one.repository])) };
  });
}

function projectedRepository({ id, name, owner, archived }: Record<string, unknown>) {
  const login = presentText(field(owner, 'login'));
  if (typeof id !== 'number' || typeof name !== 'string' || login === undefined) return undefined;
  return { repository: { id, owner: login, name }, isArchived: archived === true };
}

function runIds(data: unknown): number[] | undefined {
  return objects(data, 'workflow_runs', ({ id }) => (typeof id === 'number' ? id : undefined));
}

function projectedJob(entry: Record<string, unknown>, run: number): RunJob | undefined {
  const { id, run_attempt, status, labels, name } = entry;
  const createdAt = timeOf(entry['created_at']) ?? timeOf(entry['started_at']);
  if (typeof id !== 'number' || typeof status !== 'string' || typeof name !== 'string') return undefined;
  if (createdAt === undefined || !Array.isArray(labels)) return undefined;
  const runnerName = presentText(entry['runner_name']);
  const conclusion = presentText(entry['conclusion']);
  const state = jobState(status);
  return {
    job: id,
    run,
    attempt: typeof run_attempt === 'number' ? run_attempt : 1,
    state,
    labels: labels.map(String),
    name,
    createdAt,
    changedAt: timeOf(entry[CHANGED[state]]) ?? createdAt,
    ...(runnerName !== undefined && { runnerName }),
    ...(conclusion !== undefined && { conclusion }),
  };
}

/** GitHub gives a queued job a `started_at` too, which says nothing. */
const CHANGED: Readonly<Record<RunJob['state'], string>> = {
  queued: 'created_at',
  held: 'created_at',
  in_progress: 'started_at',
  completed: 'completed_at',
};

function where({ owner, repository }: Repository): string {
  return `${owner}/${repository}`;
}
