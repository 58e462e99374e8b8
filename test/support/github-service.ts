/** A simulated GitHub under virtual time, with an App whose key the tests hold, and a list of what it has sent. */
import { createSign, generateKeyPairSync } from 'node:crypto';
import { seededChance } from '../../lib/sim/chance.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import type { RestAnswer } from '../../lib/sim/github-service/answers.ts';
import type { Connection } from '../../lib/sim/github-service/runner-side.ts';
import { createGitHubService, type GitHubServiceOptions } from '../../lib/sim/github-service/service.ts';
import type { WebhookRequest } from '../../lib/sim/github-service/webhooks.ts';

export const APP_ID = 4711;
export const WEBHOOK_SECRET = 'It is a secret to everybody';
export const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
export const START = Date.parse('2026-11-24T10:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

export type Given = { seed?: number } & Partial<GitHubServiceOptions>;

export function aGitHub(given: Given = {}) {
  const clock = virtualClock(START);
  const sent: WebhookRequest[] = [];
  const service = createGitHubService({
    clock,
    chance: seededChance(given.seed ?? 1),
    app: { id: APP_ID, publicKey: KEYS.publicKey },
    webhook: { url: 'http://127.0.0.1:1/webhook', secret: WEBHOOK_SECRET },
    deliver: (request) => {
      sent.push(request);
      return Promise.resolve({ status: 202, body: '{}' });
    },
    ...given,
  });
  let now = START;
  /** Lets so much time pass. */
  const pass = (ms: number) => {
    now += ms;
    return clock.runUntil(now);
  };
  return { service, clock, sent, pass };
}

export type GitHubUnderTest = ReturnType<typeof aGitHub>;

/** With `octo-org` and its repositories `app` and `other`. */
export function anOwnedGitHub(given: Given = {}, more: object = {}): GitHubUnderTest {
  const github = aGitHub(given);
  const repositories = ['app', 'other'];
  github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories, ...more });
  return github;
}

/** What the answer says went wrong. */
export function messageOf({ body }: RestAnswer): string | undefined {
  return (body as { message?: string } | undefined)?.message;
}

/** Queues jobs and gives their ids. */
export function queue(github: GitHubUnderTest, jobs: Record<string, unknown> = {}): number[] {
  const made = github.service.control.addJobs({ owner: 'octo-org', repo: 'app', labels: ['self-hosted'], ...jobs });
  if ('problems' in made) throw new Error(made.problems.join(' '));
  return made.ids;
}

export function installationOf(github: GitHubUnderTest, owner = 'octo-org'): number {
  const found = github.service.books.owners.get(owner);
  if (found === undefined) throw new Error(`no owner ${owner}`);
  return found.installation.id;
}

/** A call as the installation of `octo-org` (or of `as`). */
export async function call(
  github: GitHubUnderTest,
  method: string,
  path: string,
  more: { body?: unknown; query?: Record<string, string>; as?: string } = {},
): Promise<RestAnswer> {
  const { as = 'octo-org', ...rest } = more;
  const authorization = `token ${await tokenOf(github, as)}`;
  return github.service.rest({ method, path, ...rest, headers: { authorization } });
}

export async function tokenOf(github: GitHubUnderTest, owner = 'octo-org', body: unknown = {}): Promise<string> {
  const path = `/app/installations/${installationOf(github, owner)}/access_tokens`;
  const made = await github.service.rest({ method: 'POST', path, headers: {}, body }, { asApp: true });
  return (made.body as { token: string }).token;
}

export type Registered = { id: number; jitConfig: string };

export async function register(
  github: GitHubUnderTest,
  runner: { name?: string; labels?: string[]; group?: number; repo?: string; owner?: string } = {},
): Promise<Registered> {
  const { name = 'runner-1', labels = ['self-hosted'], group = 1, repo, owner = 'octo-org' } = runner;
  const scope = repo === undefined ? `/orgs/${owner}` : `/repos/${owner}/${repo}`;
  const body = { name, labels, runner_group_id: group };
  const made = await call(github, 'POST', `${scope}/actions/runners/generate-jitconfig`, { body, as: owner });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const { runner: json, encoded_jit_config: jitConfig } = made.body as {
    runner: { id: number };
    encoded_jit_config: string;
  };
  return { id: json.id, jitConfig };
}

export async function connect(github: GitHubUnderTest, { jitConfig }: Registered): Promise<Connection> {
  const answer = await github.service.runnerSide.connect(jitConfig);
  if (answer.kind !== 'connected') throw new Error(answer.kind);
  return answer;
}

/** Connects and takes the job that is sent to it at once. */
export async function takeJob(github: GitHubUnderTest, runner: Registered) {
  const connection = await connect(github, runner);
  const message = await connection.next();
  if (message.kind !== 'job') throw new Error(message.kind);
  return { connection, job: await connection.acquire(message.job) };
}

export function actions(github: GitHubUnderTest): string[] {
  return github.sent.map(({ body }) => (JSON.parse(body) as { action: string }).action);
}

export function jwt(claims: Record<string, unknown>, key = KEYS.privateKey): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
}
