/** In process: the part of the `GitHub` port that asks for jobs again. */
import type { GitHub, Outcome, Repository } from '../world.ts';
import { mapped } from './github-outcomes.ts';

type Call = (installation: number, method: string, path: string) => Promise<Outcome<unknown>>;
type RunJson = { status: string; conclusion: string | null; run_attempt: number; created_at: string };

export function rerunsOf(call: Call): Pick<GitHub, 'run' | 'rerunJob' | 'rerunFailedJobs'> {
  const post = async (repository: Repository, path: string) =>
    mapped(await call(repository.installation, 'POST', `${actionsOf(repository)}/${path}`), () => undefined);
  return {
    run: async (repository, id) =>
      mapped(await call(repository.installation, 'GET', `${actionsOf(repository)}/runs/${id}`), (body) => {
        const { status, conclusion, run_attempt: attempt, created_at: created } = body as RunJson;
        const seen = { hasEnded: status === 'completed', attempt, createdAt: Date.parse(created) };
        return { ...seen, ...(conclusion !== null && { conclusion }) };
      }),
    rerunJob: (repository, id) => post(repository, `jobs/${id}/rerun`),
    rerunFailedJobs: (repository, id) => post(repository, `runs/${id}/rerun-failed-jobs`),
  };
}

function actionsOf({ owner, repository }: Repository): string {
  return `/repos/${owner}/${repository}/actions`;
}
