/** The `GitHub` port in process: the same REST API that the live adapter calls, without the wire. */
import type {
  GitHub,
  GitHubJob,
  GitHubRunner,
  Outcome,
  RateLimit,
  Repository,
  RunnerDeprecation,
  Scope,
} from '../world.ts';
import { type Ask, deliveriesOf, sweepReadsOf } from './github-lost.ts';
import { mapped, outcomeOf } from './github-outcomes.ts';
import { rerunsOf } from './github-reruns.ts';
import type { RestAnswer, RestRequest } from './github-service/answers.ts';
import type { GitHubService } from './github-service/service.ts';

/** As Octokit does: a token is used for 59 minutes of its hour. */
const TOKEN_USED_MS = 59 * 60 * 1000;
const PAGE_MAX = 100;

type Call = (...asked: Parameters<Ask>) => Promise<Outcome<unknown>>;
type RunnerJson = { id: number; name: string; status: string; busy: boolean; version: string | null };
type JobJson = { status: string; conclusion: string | null; runner_name: string | null };

export function createSimGitHub(service: GitHubService, clock: { now(): number }): GitHub {
  const limits = new Map<number, RateLimit>();
  const ask = askerOf(service, clock, limits);
  const call: Call = async (...asked) => (await ask(...asked)).outcome;
  return {
    registerRunner: (scope, runner) => registerRunner(call, scope, runner),
    registrationToken: async (scope) =>
      mapped(await call(scope.installation, 'POST', `${runnersOf(scope)}/registration-token`), (value) => ({
        token: (value as { token: string }).token,
        url: `https://github.com/${scope.owner}${scope.repository === undefined ? '' : `/${scope.repository}`}`,
      })),
    removeRunner: async (scope, id) =>
      mapped(await call(scope.installation, 'DELETE', `${runnersOf(scope)}/${id}`), () => undefined),
    // GitHub's filter takes names in any case.
    findRunner: async (scope, name) =>
      mapped(await list(call, scope, { name }), (runners) => runners.find((runner) => runner.name === name)),
    listRunners: (scope, until = Number.POSITIVE_INFINITY) => list(call, scope, {}, () => clock.now() >= until),
    runnerDeprecation: async (scope, version) => {
      const path = `${runnersOf(scope)}/deprecations/${version}`;
      return mapped(await call(scope.installation, 'GET', path), deprecationOf);
    },
    admittingGroups: async ({ installation, owner, repository }) => {
      const query = { per_page: String(PAGE_MAX), visible_to_repository: repository };
      return mapped(await call(installation, 'GET', `/orgs/${owner}/actions/runner-groups`, { query }), (value) => {
        const { runner_groups: groups } = value as {
          runner_groups: { name: string; restricted_to_workflows: boolean }[];
        };
        return groups.map(({ name, restricted_to_workflows: onlyWorkflows }) => ({ name, onlyWorkflows }));
      });
    },
    job: async (repository, id) =>
      mapped(await call(repository.installation, 'GET', `${pathOf(repository)}/actions/jobs/${id}`), jobOf),
    ...rerunsOf(call),
    ...deliveriesOf(service),
    ...sweepReadsOf(service, ask, clock),
    rateLimits: async () => [...limits.values()],
  };
}

async function registerRunner(
  call: Call,
  scope: Scope,
  { name, labels, group, workFolder }: { name: string; labels: readonly string[]; group: string; workFolder?: string },
): Promise<Outcome<{ id: number; jitConfig: string }>> {
  const groupId = await groupIdOf(call, scope, group);
  if (groupId.kind !== 'ok') return groupId;
  const folder = workFolder === undefined ? {} : { work_folder: workFolder };
  const body = { name, labels, runner_group_id: groupId.value, ...folder };
  const made = await call(scope.installation, 'POST', `${runnersOf(scope)}/generate-jitconfig`, { body });
  return mapped(made, (value) => {
    const { runner, encoded_jit_config: jitConfig } = value as { runner: RunnerJson; encoded_jit_config: string };
    return { id: runner.id, jitConfig };
  });
}

/** Repository runners are in the default group, and so is whoever asks for that one: its number is fixed. */
async function groupIdOf(call: Call, scope: Scope, group: string): Promise<Outcome<number>> {
  if (scope.repository !== undefined || group.toLowerCase() === 'default') return { kind: 'ok', value: 1 };
  const query = { per_page: String(PAGE_MAX) };
  const listed = await call(scope.installation, 'GET', `/orgs/${scope.owner}/actions/runner-groups`, { query });
  if (listed.kind !== 'ok') return listed;
  const { runner_groups: groups } = listed.value as { runner_groups: { id: number; name: string }[] };
  const found = groups.find(({ name }) => name.toLowerCase() === group.toLowerCase());
  if (found === undefined) return { kind: 'refused', reason: `${scope.owner} has no runner group ${group}` };
  return { kind: 'ok', value: found.id };
}

async function list(
  call: Call,
  scope: Scope,
  query: { name?: string },
  isLate: () => boolean = () => false,
): Promise<Outcome<GitHubRunner[]>> {
  const runners: GitHubRunner[] = [];
  for (let page = 1; ; page += 1) {
    if (isLate()) return { kind: 'retry', reason: `there was no time left for page ${page}` };
    const asked = { query: { ...query, per_page: String(PAGE_MAX), page: String(page) } };
    const listed = await call(scope.installation, 'GET', runnersOf(scope), asked);
    if (listed.kind !== 'ok') return listed;
    const got = (listed.value as { runners: RunnerJson[] }).runners;
    runners.push(...got.map(runnerOf));
    if (got.length < PAGE_MAX) return { kind: 'ok', value: runners };
  }
}

function runnerOf({ id, name, status, busy, version }: RunnerJson): GitHubRunner {
  return { id, name, online: status === 'online', busy, ...(version !== null && { version }) };
}

function deprecationOf(value: unknown): RunnerDeprecation {
  const given = value as { runtime_deprecates_at: string | null; registration_deprecates_at?: string };
  const { runtime_deprecates_at: jobs, registration_deprecates_at: registration } = given;
  return {
    ...(jobs !== null && { jobsUntil: Date.parse(jobs) }),
    ...(registration !== undefined && { registrationUntil: Date.parse(registration) }),
  };
}

function jobOf(value: unknown): GitHubJob {
  const { status, conclusion, runner_name: runnerName } = value as JobJson;
  const state = status === 'queued' || status === 'in_progress' || status === 'completed' ? status : 'held';
  return { state, ...(runnerName ? { runnerName } : {}), ...(conclusion ? { conclusion } : {}) };
}

/** A call with the installation's token, which is kept for its hour. */
function askerOf(service: GitHubService, clock: { now(): number }, limits: Map<number, RateLimit>): Ask {
  const tokens = new Map<number, { text: string; until: number }>();

  async function tokenOf(installation: number): Promise<Outcome<string>> {
    const kept = tokens.get(installation);
    if (kept !== undefined && kept.until > clock.now()) return { kind: 'ok', value: kept.text };
    const path = `/app/installations/${installation}/access_tokens`;
    const made = await service.rest({ method: 'POST', path, headers: {} }, { asApp: true });
    // What is to be done with the token was not asked for; an App that is not installed makes nothing gone.
    const outcome = outcomeOf(made, 'GET');
    if (outcome.kind === 'gone') return { kind: 'refused', reason: outcome.reason };
    return mapped(outcome, (value) => {
      const text = (value as { token: string }).token;
      tokens.set(installation, { text, until: clock.now() + TOKEN_USED_MS });
      return text;
    });
  }

  return async function ask(installation, method, path, more = {}) {
    const known = tokens.get(installation);
    const first = await askOnce(installation, method, path, more);
    // A token has the permissions of its time: the next one may have those that were accepted since.
    if (first.given?.status !== 403 || !isNotAccessible(first.given.body)) return first;
    tokens.delete(installation);
    return known === undefined ? first : askOnce(installation, method, path, more);
  };

  async function askOnce(...[installation, method, path, more = {}]: Parameters<Ask>): ReturnType<Ask> {
    const token = await tokenOf(installation);
    if (token.kind !== 'ok') return { outcome: token };
    const headers = { ...more.headers, authorization: `token ${token.value}` };
    const given = await followed(service, { method, path, ...more, headers });
    const limit = limitOf(installation, given.headers);
    if (limit !== undefined) limits.set(installation, limit);
    return { outcome: outcomeOf(given, method), given };
  }
}

function isNotAccessible(body: unknown): boolean {
  return /not accessible by integration/i.test(String((body as { message?: unknown } | undefined)?.message));
}

/** As every client does: what has another address is asked for there, in the same way. */
async function followed(service: GitHubService, request: RestRequest): Promise<RestAnswer> {
  const given = await service.rest(request);
  const { location } = given.headers;
  const isElsewhere = given.status === 301 || given.status === 307;
  return isElsewhere && location !== undefined ? service.rest({ ...request, path: new URL(location).pathname }) : given;
}

/** An answer that was cut has no headers. */
function limitOf(installation: number, headers: Record<string, string>): RateLimit | undefined {
  const { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = headers;
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { installation, limit: Number(limit), remaining: Number(remaining), resetsAt: 1000 * Number(reset) };
}

function runnersOf({ owner, repository }: Scope): string {
  return `${repository === undefined ? `/orgs/${owner}` : `/repos/${owner}/${repository}`}/actions/runners`;
}

function pathOf({ owner, repository }: Repository): string {
  return `/repos/${owner}/${repository}`;
}
