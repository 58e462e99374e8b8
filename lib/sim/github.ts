/** The `GitHub` port in process: the same REST API that the live adapter calls, without the wire. */
import type { Failure, GitHub, GitHubJob, GitHubRunner, Outcome, RateLimit, Repository, Scope } from '../world.ts';
import type { RestAnswer } from './github-service/answers.ts';
import type { GitHubService } from './github-service/service.ts';

/** As Octokit does: a token is used for 59 minutes of its hour. */
const TOKEN_USED_MS = 59 * 60 * 1000;
/** GitHub docs, "Rate limits": without `retry-after`, at least one minute. */
const RETRY_SECONDS = 60;
const PAGE_MAX = 100;

type Call = (installation: number, method: string, path: string, more?: More) => Promise<Outcome<unknown>>;
type More = { query?: Record<string, string>; body?: unknown };
type RunnerJson = { id: number; name: string; status: string; busy: boolean };
type JobJson = { status: string; conclusion: string | null; runner_name: string | null };

export function createSimGitHub(service: GitHubService, clock: { now(): number }): GitHub {
  const limits = new Map<number, RateLimit>();
  const call = callerOf(service, clock, limits);
  return {
    registerRunner: (scope, runner) => registerRunner(call, scope, runner),
    removeRunner: async (scope, id) =>
      mapped(await call(scope.installation, 'DELETE', `${runnersOf(scope)}/${id}`), () => undefined),
    // GitHub's filter takes names in any case.
    findRunner: async (scope, name) =>
      mapped(await list(call, scope, { name }), (runners) => runners.find((runner) => runner.name === name)),
    listRunners: (scope) => list(call, scope, {}),
    job: async (repository, id) =>
      mapped(await call(repository.installation, 'GET', `${pathOf(repository)}/actions/jobs/${id}`), jobOf),
    rateLimits: async () => [...limits.values()],
  };
}

async function registerRunner(
  call: Call,
  scope: Scope,
  { name, labels, group }: { name: string; labels: readonly string[]; group: string },
): Promise<Outcome<{ id: number; jitConfig: string }>> {
  const groupId = await groupIdOf(call, scope, group);
  if (groupId.kind !== 'ok') return groupId;
  const body = { name, labels, runner_group_id: groupId.value };
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

async function list(call: Call, scope: Scope, query: { name?: string }): Promise<Outcome<GitHubRunner[]>> {
  const runners: GitHubRunner[] = [];
  for (let page = 1; ; page += 1) {
    const asked = { query: { ...query, per_page: String(PAGE_MAX), page: String(page) } };
    const listed = await call(scope.installation, 'GET', runnersOf(scope), asked);
    if (listed.kind !== 'ok') return listed;
    const got = (listed.value as { runners: RunnerJson[] }).runners;
    runners.push(...got.map(({ id, name, status, busy }) => ({ id, name, online: status === 'online', busy })));
    if (got.length < PAGE_MAX) return { kind: 'ok', value: runners };
  }
}

function jobOf(value: unknown): GitHubJob {
  const { status, conclusion, runner_name: runnerName } = value as JobJson;
  const state = status === 'queued' || status === 'in_progress' || status === 'completed' ? status : 'held';
  return { state, ...(runnerName ? { runnerName } : {}), ...(conclusion ? { conclusion } : {}) };
}

/** A call with the installation's token, which is kept for its hour. */
function callerOf(service: GitHubService, clock: { now(): number }, limits: Map<number, RateLimit>): Call {
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

  return async function call(installation, method, path, more = {}) {
    const token = await tokenOf(installation);
    if (token.kind !== 'ok') return token;
    const headers = { authorization: `token ${token.value}` };
    const given = await service.rest({ method, path, ...more, headers });
    const limit = limitOf(installation, given.headers);
    if (limit !== undefined) limits.set(installation, limit);
    return outcomeOf(given, method);
  };
}

/** An answer that was cut has no headers. */
function limitOf(installation: number, headers: Record<string, string>): RateLimit | undefined {
  const { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = headers;
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { installation, limit: Number(limit), remaining: Number(remaining), resetsAt: 1000 * Number(reset) };
}

function outcomeOf(given: RestAnswer, method: string): Outcome<unknown> {
  if (given.status >= 200 && given.status < 300) return { kind: 'ok', value: given.body };
  const { message } = (given.body ?? {}) as { message?: string };
  return failureOf(given, method, `GitHub answered ${given.status}${message ? `: ${message}` : ''}`);
}

/** A read that was not answered has done nothing. */
function failureOf(given: RestAnswer, method: string, reason: string): Failure {
  const { status, headers } = given;
  if (status === 0 || status >= 500) return { kind: method === 'GET' ? 'retry' : 'unknown', reason };
  if (status === 404 || status === 410) return { kind: 'gone', reason };
  if (status === 409) return { kind: 'conflict', reason };
  if (status === 422 && /running a job/i.test(reason)) return { kind: 'busy', reason };
  if (isLimit(given, reason)) return { kind: 'retry', reason, retryAfterSeconds: waitOf(headers) };
  return { kind: status === 400 ? 'bug' : 'refused', reason };
}

function isLimit({ status, headers }: RestAnswer, reason: string): boolean {
  if (status === 429) return true;
  return status === 403 && (/rate limit/i.test(reason) || headers['x-ratelimit-remaining'] === '0');
}

function waitOf(headers: Record<string, string>): number {
  if (headers['retry-after'] !== undefined) return Number(headers['retry-after']);
  if (headers['x-ratelimit-remaining'] !== '0') return RETRY_SECONDS;
  const now = Math.floor(Date.parse(headers['date'] ?? '') / 1000);
  return Math.max(1, Number(headers['x-ratelimit-reset']) - now);
}

function mapped<From, To>(outcome: Outcome<From>, map: (value: From) => To): Outcome<To> {
  return outcome.kind === 'ok' ? { kind: 'ok', value: map(outcome.value) } : outcome;
}

function runnersOf({ owner, repository }: Scope): string {
  return `${repository === undefined ? `/orgs/${owner}` : `/repos/${owner}/${repository}`}/actions/runners`;
}

function pathOf({ owner, repository }: Repository): string {
  return `/repos/${owner}/${repository}`;
}
