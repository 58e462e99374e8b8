/**
 * GitHub's own example payloads (@octokit/webhooks-examples), re-labelled, re-numbered and re-dated, so that what is
 * sent has the real shape and size.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Job, Owner, Repository } from './books.ts';
import type { Action } from './hub.ts';
import { dateText } from './time.ts';

type Json = Record<string, unknown>;
type Example = Json & { action: string; workflow_job: Json & { conclusion: string | null } };

const EXAMPLE_OWNER = 'Codertocat';
const EXAMPLE_NAME = 'Hello-World';
const EXAMPLES = readExamples();

/** The `repository` of an event and of REST answers. Made once, until it is called otherwise. */
export function repositoryJson(repository: Repository): Json {
  return (REPOSITORIES.get(repository) ?? remember(REPOSITORIES, repository, makeRepository(repository))) as Json;
}

/** The `organization` of an event; users have none. */
export function organizationJson(owner: Owner): Json | undefined {
  if (owner.kind === 'User') return undefined;
  return (OWNERS.get(owner) ?? remember(OWNERS, owner, makeOrganization(owner))) as Json;
}

export function accountJson(owner: Owner): Json {
  return repositoryOwner(owner);
}

/** The `sender`: whoever pushed. */
export function senderJson(): Json {
  return EXAMPLES.queued['sender'] as Json;
}

/**
 * The job as webhooks and REST show it. `cancelledRunnerNull`: one that never had a runner has null, not 0 and "";
 * both were seen for cancelled jobs.
 */
export function jobJson(job: Job, cancelledRunnerNull = false, manySteps = false): Json {
  const { repository, id: run, sha } = job.run;
  const place = `${repository.owner.login}/${repository.name}`;
  const api = `https://api.github.com/repos/${place}`;
  const ended = job.completedAt === undefined ? null : dateText(job.completedAt);
  return {
    id: job.id,
    run_id: run,
    workflow_name: 'CI',
    head_branch: 'main',
    run_url: `${api}/actions/runs/${run}`,
    run_attempt: job.attempt,
    node_id: Buffer.from(`010:CheckRun${job.id}`).toString('base64'),
    head_sha: sha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `https://github.com/${place}/actions/runs/${run}/job/${job.id}`,
    status: job.state === 'held' ? (job.blocked ? 'pending' : 'waiting') : job.state,
    conclusion: job.conclusion,
    created_at: dateText(job.queuedAt),
    started_at: dateText(job.startedAt ?? job.completedAt ?? job.queuedAt),
    completed_at: ended,
    name: job.name,
    steps: stepsOf(job, manySteps),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: [...job.labels],
    ...runnerFields(job, cancelledRunnerNull),
  };
}

/** To be called when it is called otherwise from now on. */
export function forgetNames(of: Owner | Repository): void {
  REPOSITORIES.delete(of);
  OWNERS.delete(of);
  TEXTS.delete(of);
}

/** The whole event as text: the bytes that are signed. */
export function eventText(action: Action, job: string, repository: Repository): string {
  const { owner } = repository;
  const parts = [
    `"action":${JSON.stringify(action)}`,
    `"workflow_job":${job}`,
    `"repository":${textOf(repository, () => repositoryJson(repository))}`,
    ...(owner.kind === 'User' ? [] : [`"organization":${textOf(owner, () => organizationJson(owner))}`]),
    `"sender":${textOf(EXAMPLES, senderJson)}`,
    `"installation":${JSON.stringify(installationLite(owner))}`,
  ];
  return `{${parts.join(',')}}`;
}

/** An example of GitHub's, as it stands, for answers that have the same shape. */
export function workflowRunExample(): Json {
  return EXAMPLES.run;
}

const REPOSITORIES = new WeakMap<object, unknown>();
const OWNERS = new WeakMap<object, unknown>();
const TEXTS = new WeakMap<object, string>();

function remember<Value>(memory: WeakMap<object, Value>, key: object, value: Value): Value {
  memory.set(key, value);
  return value;
}

function textOf(key: object, make: () => unknown): string {
  return TEXTS.get(key) ?? remember(TEXTS, key, JSON.stringify(make()));
}

function readExamples() {
  const path = createRequire(import.meta.url).resolve('@octokit/webhooks-examples');
  const all = JSON.parse(readFileSync(path, 'utf8')) as { name: string; examples: Json[] }[];
  const of = (name: string) => all.find((event) => event.name === name)?.examples ?? [];
  const jobs = of('workflow_job') as Example[];
  const pick = (action: string, conclusion: string | null) => {
    const found = jobs.find(
      (job) => isModel(job) && job.action === action && job.workflow_job.conclusion === conclusion,
    );
    if (found === undefined) throw new Error(`@octokit/webhooks-examples has no workflow_job ${action} ${conclusion}`);
    return found;
  };
  const organization = of('workflow_job').find((event) => event['organization'] !== undefined)?.[
    'organization'
  ] as Json;
  return {
    queued: pick('queued', null),
    in_progress: pick('in_progress', null),
    success: pick('completed', 'success'),
    failure: pick('completed', 'failure'),
    organization,
    run: of('workflow_run')[0]?.['workflow_run'] as Json,
  };
}

function isModel(example: Json): boolean {
  return (example['repository'] as Json)['full_name'] === `${EXAMPLE_OWNER}/${EXAMPLE_NAME}`;
}

function makeRepository(repository: Repository): Json {
  const { owner, name } = repository;
  const text = JSON.stringify(EXAMPLES.queued['repository'])
    .replaceAll(`${EXAMPLE_OWNER}/${EXAMPLE_NAME}`, `${owner.login}/${name}`)
    .replaceAll(EXAMPLE_NAME, name);
  return {
    ...(JSON.parse(text) as Json),
    id: repository.id,
    node_id: Buffer.from(`010:Repository${repository.id}`).toString('base64'),
    topics: [],
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    owner: repositoryOwner(owner),
  };
}

function repositoryOwner(owner: Owner): Json {
  const model = (EXAMPLES.queued['repository'] as { owner: Json & { login: string } }).owner;
  const text = JSON.stringify(model).replaceAll(model.login, owner.login);
  return { ...(JSON.parse(text) as Json), id: owner.id, type: owner.kind };
}

function makeOrganization(owner: Owner): Json {
  const login = (EXAMPLES.organization as { login: string }).login;
  return {
    ...(JSON.parse(JSON.stringify(EXAMPLES.organization).replaceAll(login, owner.login)) as Json),
    id: owner.id,
  };
}

function installationLite(owner: Owner): Json {
  const { id } = owner.installation;
  return { id, node_id: Buffer.from(`023:IntegrationInstallation${id}`).toString('base64') };
}

/** Long ones were seen; the hook's limit of 25 MB is far away. */
const MANY_STEPS = 300;

function stepsOf(job: Job, many: boolean): unknown[] {
  if (job.runner === undefined) return [];
  const times = {
    started_at: new Date(job.startedAt ?? job.queuedAt).toISOString(),
    completed_at: job.completedAt === undefined ? null : new Date(job.completedAt).toISOString(),
  };
  const model = job.state !== 'completed' ? EXAMPLES.in_progress : stepsModel(job);
  const steps = (model.workflow_job as Json)['steps'] as Json[];
  const all = many ? Array.from({ length: MANY_STEPS }, (_, index) => steps[index % steps.length] ?? {}) : steps;
  return all.map((step) => ({ ...step, ...times }));
}

function stepsModel(job: Job): Example {
  return job.conclusion === 'success' ? EXAMPLES.success : EXAMPLES.failure;
}

function runnerFields(job: Job, cancelledRunnerNull: boolean): Json {
  if (job.runner !== undefined) {
    const { id, name, group } = job.runner;
    return { runner_id: id, runner_name: name, runner_group_id: group.id, runner_group_name: group.name };
  }
  const none = job.state === 'completed' && !cancelledRunnerNull ? { id: 0, name: '' } : { id: null, name: null };
  return { runner_id: none.id, runner_name: none.name, runner_group_id: none.id, runner_group_name: none.name };
}
