/** What GitHub says of one job; whatever is news of it is recorded like an event. */
import type { JobEvent, JobRecord } from '../core/job.ts';
import type { GitHubJob, Outcome, World } from '../world.ts';
import type { Config } from './config.ts';
import { recordJob } from './record.ts';

export async function askGitHub(world: World, config: Config, record: JobRecord): Promise<Outcome<GitHubJob>> {
  const { installation, owner, repository } = record;
  const answer = await world.github.job({ installation, owner, repository }, record.job);
  const said = answer.kind === 'ok' ? answer.value.state : answer.reason;
  world.log({ decision: 'asked GitHub about a job', reason: `GitHub says: ${said}`, job: record.job });
  if (answer.kind === 'ok' && (answer.value.state === 'in_progress' || answer.value.state === 'completed')) {
    await recordJob(world, config, reported(record, answer.value, answer.value.state));
  }
  return answer;
}

/** As if a webhook had said it. */
export function reported(record: JobRecord, job: GitHubJob, state: JobEvent['state']): JobEvent {
  const { run, attempt, installation, owner, repository, ownerIsUser, labels, name, createdAt } = record;
  return {
    job: record.job,
    ...(run !== undefined && { run }),
    attempt,
    state,
    installation,
    owner,
    repository,
    ownerIsUser,
    labels,
    name,
    createdAt,
    ...(job.runnerName !== undefined && { runnerName: job.runnerName }),
    ...(job.conclusion !== undefined && { conclusion: job.conclusion }),
  };
}
