/** In process: the part of the `GitHub` port that finds lost events, over the same REST API that the live adapter calls. */
import type { GitHub, GitHubJob, InstalledRepository, Outcome, Page, Repository } from '../world.ts';
import { mapped, outcomeOf } from './github-outcomes.ts';
import type { RestAnswer } from './github-service/answers.ts';
import type { GitHubService } from './github-service/service.ts';

/** A call with an installation's token: what GitHub answered, if it was asked, and what that means. */
export type Ask = (
  installation: number,
  method: string,
  path: string,
  more?: { query?: Record<string, string>; body?: unknown; headers?: Record<string, string> },
) => Promise<{ outcome: Outcome<unknown>; given?: RestAnswer }>;

const PAGE_MAX = '100';
/** As in the live adapter. */
const REPOSITORIES_KEPT_MS = 15 * 60 * 1000;

type Json = Record<string, unknown>;
type AccountJson = { login: string; type: string };
type Swept = Pick<GitHub, 'installations' | 'repositories' | 'activeRuns' | 'runJobs'>;

export function deliveriesOf(service: GitHubService): Pick<GitHub, 'failedDeliveries' | 'redeliver'> {
  const list = '/app/hook/deliveries';
  return {
    failedDeliveries: async (cursor) => {
      const query = { per_page: PAGE_MAX, status: 'failure', ...(cursor !== undefined && { cursor }) };
      const given = await service.rest({ method: 'GET', path: list, query, headers: {} }, { asApp: true });
      const next = /[?&]cursor=([^&>]*)[^>]*>; rel="next"/.exec(given.headers['link'] ?? '')?.[1];
      return mapped(outcomeOf(given, 'GET'), (body) => ({
        deliveries: (body as Json[]).map((delivery) => ({
          id: Number(delivery['id']),
          guid: String(delivery['guid']),
          deliveredAt: timeOf(delivery['delivered_at']),
          event: String(delivery['event']),
          action: String(delivery['action']),
          status: String(delivery['status']),
          statusCode: Number(delivery['status_code']),
        })),
        ...(next !== undefined && { next }),
      }));
    },
    redeliver: async (id) => {
      const request = { method: 'POST', path: `${list}/${id}/attempts`, headers: {} };
      return mapped(outcomeOf(await service.rest(request, { asApp: true }), 'POST'), () => undefined);
    },
  };
}

export function sweepReadsOf(service: GitHubService, ask: Ask, clock: { now(): number }): Swept {
  const conditional = conditionalOf(ask);
  const repositories = new Map<number, { until: number; list: InstalledRepository[] }>();
  return {
    installations: async () =>
      mapped(await installationsOf(service), (found) =>
        found
          .filter((one) => one['suspended_at'] === null)
          .map((one) => {
            const { login, type } = one['account'] as AccountJson;
            return { id: Number(one['id']), owner: login, ownerIsUser: type === 'User' };
          }),
      ),
    repositories: async (installation) => {
      const kept = repositories.get(installation);
      if (kept !== undefined && clock.now() < kept.until) return { kind: 'ok', value: kept.list };
      const read = await repositoriesOf(ask, installation);
      const until = clock.now() + REPOSITORIES_KEPT_MS;
      if (read.kind === 'ok') repositories.set(installation, { until, list: read.value });
      return read;
    },
    activeRuns: (repository, status, page) =>
      conditional(repository, 'runs', { status, page }, 'workflow_runs', ({ id }) => Number(id)),
    runJobs: (repository, run, page) =>
      conditional(repository, `runs/${run}/jobs`, { filter: 'latest', page }, 'jobs', jobOf),
  };
}

async function installationsOf(service: GitHubService): Promise<Outcome<Json[]>> {
  const found: Json[] = [];
  for (let page = 1; ; page += 1) {
    const query = { per_page: PAGE_MAX, page: String(page) };
    const given = await service.rest(
      { method: 'GET', path: '/app/installations', query, headers: {} },
      { asApp: true },
    );
    const outcome = outcomeOf(given, 'GET');
    if (outcome.kind !== 'ok') return outcome;
    found.push(...(outcome.value as Json[]));
    if ((outcome.value as Json[]).length < Number(PAGE_MAX)) return { kind: 'ok', value: found };
  }
}

async function repositoriesOf(ask: Ask, installation: number): Promise<Outcome<InstalledRepository[]>> {
  const found: InstalledRepository[] = [];
  for (let page = 1; ; page += 1) {
    const query = { per_page: PAGE_MAX, page: String(page) };
    const { outcome } = await ask(installation, 'GET', '/installation/repositories', { query });
    if (outcome.kind !== 'ok') return outcome;
    const list = (outcome.value as { repositories: Json[] }).repositories;
    found.push(
      ...list
        .filter((one) => one['archived'] !== true)
        .map((one) => ({
          id: Number(one['id']),
          owner: (one['owner'] as AccountJson).login,
          name: String(one['name']),
        })),
    );
    if (list.length < Number(PAGE_MAX)) return { kind: 'ok', value: found };
  }
}

/** With another token the same answer has another ETag. */
function conditionalOf(ask: Ask) {
  const known = new Map<string, { etag: string; items: unknown[]; total: number }>();
  return async <Item>(
    { installation, owner, repository }: Repository,
    path: string,
    parameters: Record<string, string | number>,
    name: string,
    project: (entry: Json) => Item,
  ): Promise<Outcome<Page<Item>>> => {
    const query = Object.fromEntries(
      Object.entries({ ...parameters, per_page: PAGE_MAX }).map(([key, value]) => [key, String(value)]),
    );
    const full = `/repos/${owner}/${repository}/actions/${path}`;
    const key = JSON.stringify([full, query]);
    const before = known.get(key);
    // Without a host, only who asks with an ETag is given one.
    const headers = { 'if-none-match': before?.etag ?? 'none' };
    const { outcome, given } = await ask(installation, 'GET', full, { query, headers });
    if (given?.status === 304 && before !== undefined) {
      return { kind: 'ok', value: { items: before.items as Item[], total: before.total, unchanged: true } };
    }
    return mapped(outcome, (body) => {
      const answer = body as { total_count: number } & Json;
      const items = (answer[name] as Json[]).map(project);
      known.set(key, { etag: given?.headers['etag'] ?? 'none', items, total: answer.total_count });
      return { items, total: answer.total_count, unchanged: false };
    });
  };
}

function jobOf(entry: Json) {
  const status = String(entry['status']);
  const known = status === 'queued' || status === 'in_progress' || status === 'completed';
  const state: GitHubJob['state'] = known ? status : 'held';
  const createdAt = timeOf(entry['created_at']);
  const changed = {
    queued: createdAt,
    held: createdAt,
    in_progress: timeOf(entry['started_at']),
    completed: timeOf(entry['completed_at']),
  };
  return {
    job: Number(entry['id']),
    run: Number(entry['run_id']),
    attempt: Number(entry['run_attempt']),
    state,
    labels: entry['labels'] as string[],
    name: String(entry['name']),
    createdAt,
    changedAt: changed[state],
    ...(entry['runner_name'] ? { runnerName: String(entry['runner_name']) } : {}),
    ...(entry['conclusion'] ? { conclusion: String(entry['conclusion']) } : {}),
  };
}

function timeOf(value: unknown): number {
  return Date.parse(String(value));
}
