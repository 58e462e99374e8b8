/** A workflow run, and asking for jobs of it again. */
import type { GitHub, GitHubRun, Outcome, Repository } from '../world.ts';
import { type Call, unreadable } from './errors.ts';
import { field, presentText, timeOf } from './github-answers.ts';
import type { Installations } from './github-app.ts';

type Reruns = Pick<GitHub, 'run' | 'rerunJob' | 'rerunFailedJobs'>;

export function createReruns(installations: Installations): Reruns {
  return {
    run: (repository, id) => run(installations, repository, id),
    rerunJob: (repository, id) =>
      ask(installations, repository, `running job ${id} of ${where(repository)} again`, 'jobs/{id}/rerun', id),
    rerunFailedJobs: (repository, id) =>
      ask(
        installations,
        repository,
        `running the failed jobs of run ${id} of ${where(repository)} again`,
        'runs/{id}/rerun-failed-jobs',
        id,
      ),
  };
}

function run(installations: Installations, repository: Repository, id: number): Promise<Outcome<GitHubRun>> {
  const call: Call = { doing: `reading run ${id} of ${where(repository)}`, effect: 'read' };
  return installations(repository.installation, call, async (octokit) => {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/actions/runs/{id}', {
      ...names(repository),
      id,
    });
    const [status, attempt] = [field(data, 'status'), field(data, 'run_attempt')];
    const createdAt = timeOf(field(data, 'created_at'));
    if (typeof status !== 'string' || typeof attempt !== 'number' || createdAt === undefined) return unreadable(call);
    const conclusion = presentText(field(data, 'conclusion'));
    const value = { hasEnded: status === 'completed', attempt, createdAt };
    return { kind: 'ok', value: { ...value, ...(conclusion !== undefined && { conclusion }) } };
  });
}

function ask(
  installations: Installations,
  repository: Repository,
  doing: string,
  route: string,
  id: number,
): Promise<Outcome<undefined>> {
  const call: Call = { doing, effect: 'write' };
  return installations(repository.installation, call, async (octokit) => {
    const { status } = await octokit.request(`POST /repos/{owner}/{repo}/actions/${route}`, {
      ...names(repository),
      id,
    });
    return status === 201 ? { kind: 'ok', value: undefined } : unreadable(call);
  });
}

function names({ owner, repository }: Repository) {
  return { owner, repo: repository };
}

function where({ owner, repository }: Repository): string {
  return `${owner}/${repository}`;
}
