/** GitHub by its REST API: no throttling and no retries here, both are decisions of the caller. */
import type { GitHub, GitHubJob, GitHubRunner, Outcome, Repository, RunnerDeprecation, Scope } from '../world.ts';
import { type Call, unreadable } from './errors.ts';
import { field, jobState, objects, pages, presentText, timeOf } from './github-answers.ts';
import { createAppRequests, createInstallations, type GitHubSettings, type Installations } from './github-app.ts';
import { deliveriesOf } from './github-deliveries.ts';
import { createRunnerGroups, DEFAULT_GROUP, type RunnerGroups, readAdmittingGroups } from './github-groups.ts';
import { createRateLimits } from './github-limits.ts';
import { createReruns } from './github-reruns.ts';
import { createSweepReads } from './github-sweep.ts';

/** One per process: it keeps tokens, the ids of runner groups, and what conditional requests were answered. */
export function createGitHub(settings: GitHubSettings): GitHub {
  const limits = createRateLimits();
  const installations = createInstallations(settings, limits);
  const groups = createRunnerGroups(installations, settings.clock);
  const asApp = createAppRequests(settings);
  return {
    registerRunner: (scope, runner) => registerRunner(installations, groups, scope, runner),
    registrationToken: (scope) => registrationToken(settings, installations, scope),
    removeRunner: (scope, id) => removeRunner(installations, scope, id),
    findRunner: (scope, name) => findRunner(installations, scope, name),
    listRunners: (scope, until = Number.POSITIVE_INFINITY) =>
      listRunners(installations, scope, () => settings.clock.now() >= until),
    runnerDeprecation: (scope, version) => runnerDeprecation(installations, scope, version),
    admittingGroups: (repository) => readAdmittingGroups(installations, repository),
    job: (repository, id) => job(installations, repository, id),
    ...createReruns(installations),
    ...createSweepReads(asApp, installations, settings.clock),
    ...deliveriesOf(asApp),
    rateLimits: async () => limits.seen(),
  };
}

async function registerRunner(
  installations: Installations,
  groups: RunnerGroups,
  scope: Scope,
  runner: { name: string; labels: readonly string[]; group: string; workFolder?: string },
): Promise<Outcome<{ id: number; jitConfig: string }>> {
  const group = await groupId(groups, scope, runner.group);
  if (group.kind !== 'ok') return group;
  const call: Call = { doing: `registering runner ${runner.name} at ${where(scope)}`, effect: 'write' };
  const registered = await installations(scope.installation, call, async (octokit) => {
    const { data } = await octokit.request(`POST ${runnersOf(scope)}/generate-jitconfig`, {
      ...owner(scope),
      name: runner.name,
      runner_group_id: group.value,
      labels: [...runner.labels],
      ...(runner.workFolder !== undefined && { work_folder: runner.workFolder }),
    });
    const id = field(field(data, 'runner'), 'id');
    const jitConfig = presentText(field(data, 'encoded_jit_config'));
    return typeof id === 'number' && jitConfig !== undefined
      ? { kind: 'ok', value: { id, jitConfig } }
      : unreadable(call);
  });
  // The group may be what is gone.
  if (registered.kind === 'gone') groups.forget(scope.owner);
  return registered;
}

/** `url`: what the runner's `config.sh` wants, by the address of people. */
function registrationToken(
  settings: Pick<GitHubSettings, 'url'>,
  installations: Installations,
  scope: Scope,
): Promise<Outcome<{ token: string; url: string }>> {
  const call: Call = { doing: `making a registration token of ${where(scope)}`, effect: 'write' };
  return installations(scope.installation, call, async (octokit) => {
    const { data } = await octokit.request(`POST ${runnersOf(scope)}/registration-token`, owner(scope));
    const token = presentText(field(data, 'token'));
    if (token === undefined) return unreadable(call);
    return { kind: 'ok', value: { token, url: `${settings.url.replace(/\/+$/, '')}/${where(scope)}` } };
  });
}

async function groupId(groups: RunnerGroups, scope: Scope, group: string): Promise<Outcome<number>> {
  return scope.repository === undefined
    ? groups.idOf(scope.installation, scope.owner, group)
    : { kind: 'ok', value: DEFAULT_GROUP };
}

function removeRunner(installations: Installations, scope: Scope, id: number): Promise<Outcome<undefined>> {
  const call: Call = { doing: `removing runner ${id} of ${where(scope)}`, effect: 'write' };
  return installations(scope.installation, call, async (octokit) => {
    const { status } = await octokit.request(`DELETE ${runnersOf(scope)}/{id}`, { ...owner(scope), id });
    // Only a 204 permits ending the container.
    return status === 204 ? { kind: 'ok', value: undefined } : unreadable(call);
  });
}

/** Compared exactly here too: GitHub's documentation does not say how its `name` filter compares. */
async function findRunner(
  installations: Installations,
  scope: Scope,
  name: string,
): Promise<Outcome<GitHubRunner | undefined>> {
  const call: Call = { doing: `looking for runner ${name} of ${where(scope)}`, effect: 'read' };
  const found = await readRunners(installations, scope, call, { name });
  if (found.kind !== 'ok') return found;
  return { kind: 'ok', value: found.value.find((runner) => runner.name === name) };
}

/** Of a runner that was read twice, what was read last counts. */
async function listRunners(
  installations: Installations,
  scope: Scope,
  isLate: () => boolean,
): Promise<Outcome<GitHubRunner[]>> {
  const call: Call = { doing: `listing the runners of ${where(scope)}`, effect: 'read' };
  const read = await readRunners(installations, scope, call, {}, isLate);
  if (read.kind !== 'ok') return read;
  return { kind: 'ok', value: [...new Map(read.value.map((runner) => [runner.id, runner])).values()] };
}

function readRunners(
  installations: Installations,
  scope: Scope,
  call: Call,
  filter: { name?: string },
  isLate?: () => boolean,
) {
  return installations(scope.installation, call, (octokit) =>
    pages(
      octokit,
      call,
      `GET ${runnersOf(scope)}`,
      { ...owner(scope), ...filter },
      (data) => objects(data, 'runners', projectedRunner),
      isLate,
    ),
  );
}

function projectedRunner({
  id,
  name,
  status,
  busy,
  version: given,
}: Record<string, unknown>): GitHubRunner | undefined {
  if (typeof id !== 'number' || typeof name !== 'string' || typeof busy !== 'boolean') return undefined;
  const version = presentText(given);
  return { id, name, online: status === 'online', busy, ...(version !== undefined && { version }) };
}

/** GitHub docs, "Get runner version end-of-life schedule": a time that is not set is null, or left out. */
function runnerDeprecation(
  installations: Installations,
  scope: Scope,
  version: string,
): Promise<Outcome<RunnerDeprecation>> {
  const call: Call = { doing: `asking how long runner ${version} is good for at ${where(scope)}`, effect: 'read' };
  return installations(scope.installation, call, async (octokit) => {
    const { data } = await octokit.request(`GET ${runnersOf(scope)}/deprecations/{version}`, {
      ...owner(scope),
      version,
    });
    if (presentText(field(data, 'runner_version')) === undefined) return unreadable(call);
    const jobsUntil = timeOf(field(data, 'runtime_deprecates_at'));
    const registrationUntil = timeOf(field(data, 'registration_deprecates_at'));
    const value = {
      ...(jobsUntil !== undefined && { jobsUntil }),
      ...(registrationUntil !== undefined && { registrationUntil }),
    };
    return { kind: 'ok', value };
  });
}

function job(installations: Installations, repository: Repository, id: number): Promise<Outcome<GitHubJob>> {
  const call: Call = { doing: `reading job ${id} of ${where(repository)}`, effect: 'read' };
  return installations(repository.installation, call, async (octokit) => {
    const { data } = await octokit.request('GET /repos/{owner}/{repository}/actions/jobs/{id}', {
      ...owner(repository),
      id,
    });
    const status = field(data, 'status');
    if (typeof status !== 'string') return unreadable(call);
    const state = jobState(status);
    const runnerName = presentText(field(data, 'runner_name'));
    const conclusion = presentText(field(data, 'conclusion'));
    return {
      kind: 'ok',
      value: {
        state,
        ...(runnerName === undefined ? {} : { runnerName }),
        ...(conclusion === undefined ? {} : { conclusion }),
      },
    };
  });
}

function runnersOf({ repository }: Scope): string {
  return repository === undefined ? '/orgs/{owner}/actions/runners' : '/repos/{owner}/{repository}/actions/runners';
}

/** Only what the route names: Octokit sends other parameters in the query or the body. */
function owner({ owner, repository }: Scope): { owner: string; repository?: string } {
  return repository === undefined ? { owner } : { owner, repository };
}

function where({ owner, repository }: Scope): string {
  return repository === undefined ? owner : `${owner}/${repository}`;
}
