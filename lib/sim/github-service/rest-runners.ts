/** REST: self-hosted runners, of an organisation and of a repository. */
import { answer, failure, notFound, paged, type RestAnswer } from './answers.ts';
import { TOKEN_MS } from './authentication.ts';
import type { Group, Runner, Scope } from './books.ts';
import { type Hub, hex } from './hub.ts';
import { admits, isVisible } from './owners.ts';
import type { RestCall, Route } from './rest.ts';
import { addRunner, dropRunner, hasRoom, isTaken, jitConfigOf, mayRegister, strike } from './runners.ts';

const LABELS_MAX = 100;
const LABEL_LENGTH_MAX = 256;
const NAME = /^[^"/:<>\\|*?]{1,64}$/;

export const runnerRoutes: readonly Route[] = [
  ...both('GET', '/runners', 'read', listRunners),
  ...both('POST', '/runners/generate-jitconfig', 'write', generateJitConfig),
  ...both('POST', '/runners/registration-token', 'write', registrationToken),
  ...both('POST', '/runners/remove-token', 'write', removeToken),
  ...both('GET', '/runners/{runner_id}', 'read', getRunner),
  ...both('DELETE', '/runners/{runner_id}', 'write', deleteRunner),
  {
    method: 'GET',
    path: '/orgs/{org}/actions/runner-groups',
    caller: 'installation',
    permission: { name: 'organization_self_hosted_runners', level: 'read' },
    answer: listGroups,
  },
];

/** The same for organisations and repositories, under different permissions. */
export function both(method: string, path: string, level: 'read' | 'write', handler: Route['answer']): Route[] {
  const caller = 'installation';
  return [
    {
      method,
      path: `/orgs/{org}/actions${path}`,
      caller,
      permission: { name: 'organization_self_hosted_runners', level },
      answer: handler,
    },
    {
      method,
      path: `/repos/{owner}/{repo}/actions${path}`,
      caller,
      permission: { name: 'administration', level },
      answer: handler,
    },
  ];
}

function scopeOf({ owner, repository }: RestCall): Scope | undefined {
  return repository?.scope ?? owner?.scope;
}

function listRunners(call: RestCall): RestAnswer {
  const scope = scopeOf(call);
  if (scope === undefined) return notFound();
  const name = call.request.query?.['name']?.toLowerCase();
  const all = listing(call.hub, scope);
  const wanted = name === undefined ? all : all.filter((runner) => runner.name.toLowerCase() === name);
  return paged(call.request, wanted, (page) => ({ total_count: wanted.length, runners: page }));
}

type RunnerJson = ReturnType<typeof runnerJson>;

/** Lists are cached for up to a minute at GitHub (switch `listLagSeconds`). */
function listing(hub: Hub, scope: Scope): readonly RunnerJson[] {
  const lagMs = hub.faults.listLagSeconds * 1000;
  const { listed } = scope;
  if (listed !== undefined && hub.time.now() - listed.at < lagMs) return listed.runners as readonly RunnerJson[];
  const shown = [...scope.runners.values()].filter(() => !hub.chance.happens(hub.faults.leftOutOfLists));
  const runners = shown.map(runnerJson);
  if (lagMs > 0) scope.listed = { at: hub.time.now(), runners };
  return runners;
}

const OVER: ReadonlySet<string> = new Set(['lingering', 'stuck']);

function runnerJson(runner: Runner) {
  const isOnline = runner.session !== undefined && !OVER.has(runner.state) && !runner.onlineHidden;
  const isBusy = runner.state === 'stuck' || (runner.state === 'busy' && !runner.busyHidden && !runner.busyRemovable);
  return {
    id: runner.id,
    name: runner.name,
    os: runner.everConnected ? 'linux' : 'unknown',
    status: isOnline ? 'online' : 'offline',
    busy: isBusy,
    ephemeral: true,
    labels: runner.labels.map((name) => ({ id: 0, name, type: 'custom' })),
    runner_group_id: runner.group.id,
    version: runner.version ?? null,
  };
}

function getRunner(call: RestCall): RestAnswer {
  const runner = scopeOf(call)?.runners.get(Number(call.params['runner_id']));
  return runner === undefined ? notFound() : answer(200, runnerJson(runner));
}

/** GitHub refuses while a job is on it, and as long as its record lingers after one. */
function deleteRunner(call: RestCall): RestAnswer {
  const runner = scopeOf(call)?.runners.get(Number(call.params['runner_id']));
  if (runner === undefined) return notFound();
  if (runner.state === 'busy' && runner.busyRemovable) {
    strike(call.hub, runner);
    return answer(204);
  }
  if (isTaken(runner)) {
    return failure(422, `Bad request - Runner ${runner.name} is currently running a job and cannot be deleted.`);
  }
  dropRunner(call.hub, runner);
  return answer(204);
}

function generateJitConfig(call: RestCall): RestAnswer {
  const { owner, repository, body } = call;
  const scope = scopeOf(call);
  if (owner === undefined || scope === undefined) return notFound();
  if (repository !== undefined && !owner.repositoryRunners) return failure(403, '');
  const problems = problemsOf(body);
  if (problems.length > 0) return failure(422, problems[0] ?? '', { errors: problems });
  const group = owner.groups.find(({ id }) => id === body['runner_group_id']);
  if (group === undefined || (repository !== undefined && !admits(group, repository))) return notFound();
  const name = String(body['name']);
  if (scope.names.has(name.toLowerCase())) {
    return failure(409, 'Already exists - A runner with the name *** already exists.');
  }
  if (!mayRegister(call.hub, scope)) return tooManyRegistrations();
  if (!hasRoom(call.hub, scope, group)) return failure(422, `The runner group ${group.name} is full.`);
  const folder = typeof body['work_folder'] === 'string' ? { workFolder: body['work_folder'] } : {};
  const runner = addRunner(call.hub, scope, { name, group, labels: distinct(body['labels'] as string[]), ...folder });
  return answer(201, { runner: runnerJson(runner), encoded_jit_config: jitConfigOf(call.hub, runner) });
}

/** The status is not documented; taken to be that of the other limits. */
function tooManyRegistrations(): RestAnswer {
  const refusal = failure(403, 'You have exceeded a secondary rate limit: too many runners were registered.');
  return { ...refusal, headers: { 'retry-after': '60' } };
}

function problemsOf({ name, labels, runner_group_id: group }: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if (typeof name !== 'string' || !NAME.test(name)) {
    problems.push(
      `The runner name '${String(name)}' is not valid. A valid runner name is 64 characters or less in length and does not include '"', '/', ':', '<', '>', '\\', '|', '*' and '?'.`,
    );
  }
  if (!Number.isInteger(group)) problems.push('Invalid property /runner_group_id: it is not an integer.');
  if (!Array.isArray(labels) || labels.length < 1 || labels.length > LABELS_MAX) {
    problems.push(`Invalid property /labels: 1 to ${LABELS_MAX} items.`);
  } else if (!labels.every(isLabel)) {
    problems.push(`Invalid property /labels: each is a text of 1 to ${LABEL_LENGTH_MAX} characters.`);
  }
  return problems;
}

function isLabel(label: unknown): boolean {
  return typeof label === 'string' && label.length > 0 && label.length <= LABEL_LENGTH_MAX;
}

/** Labels are compared without case; the first spelling stays. */
function distinct(labels: readonly string[]): string[] {
  return [...new Map([...labels].reverse().map((label) => [label.toLowerCase(), label])).values()].reverse();
}

/** Valid for an hour, for any number of runners: a runner's `config.sh` registers with it. */
function registrationToken(call: RestCall): RestAnswer {
  const { hub, owner, repository } = call;
  const scope = scopeOf(call);
  if (scope === undefined) return notFound();
  if (repository !== undefined && owner?.repositoryRunners === false) return failure(403, '');
  const { token, expiresAt } = newToken(hub);
  hub.books.registrationTokens.set(token, { scope, expiresAt });
  return tokenAnswer(token, expiresAt);
}

/** Nobody here uses it. */
function removeToken({ hub }: RestCall): RestAnswer {
  const { token, expiresAt } = newToken(hub);
  return tokenAnswer(token, expiresAt);
}

function newToken(hub: Hub): { token: string; expiresAt: number } {
  return { token: hex(hub.chance, 29).toUpperCase(), expiresAt: hub.time.now() + TOKEN_MS };
}

function tokenAnswer(token: string, expiresAt: number): RestAnswer {
  return answer(201, { token, expires_at: new Date(expiresAt).toISOString() });
}

function listGroups(call: RestCall): RestAnswer {
  const asked = call.request.query?.['visible_to_repository'];
  const repository = asked === undefined ? undefined : call.owner?.repositories.get(asked.toLowerCase());
  if (asked !== undefined && repository === undefined) return notFound();
  const groups = (call.owner?.groups ?? []).filter((group) => repository === undefined || isVisible(group, repository));
  const login = call.owner?.login ?? '';
  return paged(call.request, groups, (page) => ({
    total_count: groups.length,
    runner_groups: page.map((group) => groupJson(login, group)),
  }));
}

function groupJson(login: string, group: Group) {
  const url = `https://api.github.com/orgs/${login}/actions/runner-groups/${group.id}`;
  return {
    id: group.id,
    name: group.name,
    visibility: group.visibility,
    default: group.id === 1,
    runners_url: `${url}/runners`,
    ...(group.visibility === 'selected' ? { selected_repositories_url: `${url}/repositories` } : {}),
    inherited: false,
    allows_public_repositories: group.allowsPublicRepositories,
    restricted_to_workflows: group.onlyWorkflows,
    selected_workflows: [],
    workflow_restrictions_read_only: false,
  };
}
