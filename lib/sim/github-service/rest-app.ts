/** REST: the App, its installations and their tokens. */
import { answer, failure, notFound, paged, type RestAnswer } from './answers.ts';
import { lacks, newToken, suspended } from './authentication.ts';
import type { Installation, Level, Permissions } from './books.ts';
import { accountJson, repositoryJson } from './payloads.ts';
import { limitJson } from './rate-limits.ts';
import type { RestCall, Route } from './rest.ts';
import { dateText } from './time.ts';

/** Long ago, the same for everything that nobody looks at. */
const FOUNDED = '2024-01-01T00:00:00Z';
const EVENTS = ['workflow_job'];
const usedJwts = new WeakMap<object, Set<string>>();

export const appRoutes: readonly Route[] = [
  { method: 'GET', path: '/app', caller: 'app', answer: (call) => answer(200, appJson(call)) },
  { method: 'GET', path: '/app/installations', caller: 'app', answer: listInstallations },
  {
    method: 'GET',
    path: '/app/installations/{installation_id}',
    caller: 'app',
    answer: (call) => installationAnswer(call, installationOf(call)),
  },
  { method: 'POST', path: '/app/installations/{installation_id}/access_tokens', caller: 'app', answer: createToken },
  {
    method: 'GET',
    path: '/orgs/{org}/installation',
    caller: 'app',
    answer: (call) =>
      installationAnswer(call, call.owner?.kind === 'Organization' ? call.owner.installation : undefined),
  },
  {
    method: 'GET',
    path: '/users/{username}/installation',
    caller: 'app',
    answer: (call) => installationAnswer(call, call.owner?.installation),
  },
  {
    method: 'GET',
    path: '/repos/{owner}/{repo}/installation',
    caller: 'app',
    answer: (call) => installationAnswer(call, call.repository?.owner.installation),
  },
  { method: 'GET', path: '/installation/repositories', caller: 'installation', answer: listRepositories },
  { method: 'GET', path: '/rate_limit', caller: 'anyone', free: true, answer: rateLimit },
];

function appJson(call: RestCall) {
  const { app } = call;
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: Buffer.from(`03:App${app.id}`).toString('base64'),
    owner: accountOf(call),
    name: app.name,
    description: null,
    external_url: 'https://example.com',
    html_url: `https://github.com/apps/${app.slug}`,
    created_at: FOUNDED,
    updated_at: FOUNDED,
    permissions: {
      metadata: 'read',
      actions: 'read',
      organization_self_hosted_runners: 'write',
      administration: 'write',
    },
    events: EVENTS,
    installations_count: installed(call).length,
  };
}

/** The App belongs to the first owner there is; with none, to nobody that matters. */
function accountOf(call: RestCall): unknown {
  const [first] = call.hub.books.owners.values();
  return first === undefined ? null : accountJson(first);
}

function listInstallations(call: RestCall): RestAnswer {
  return paged(call.request, installed(call), (page) =>
    page.map((installation) => installationJson(call, installation)),
  );
}

function installed(call: RestCall): Installation[] {
  return [...call.hub.books.installations.values()].filter((installation) => installation.state !== 'deleted');
}

function installationOf(call: RestCall): Installation | undefined {
  return call.hub.books.installations.get(Number(call.params['installation_id']));
}

function installationAnswer(call: RestCall, installation: Installation | undefined): RestAnswer {
  if (installation === undefined || installation.state === 'deleted') return notFound();
  return answer(200, installationJson(call, installation));
}

function installationJson({ app }: RestCall, installation: Installation) {
  const { id, owner, permissions } = installation;
  const web = owner.kind === 'User' ? 'https://github.com' : `https://github.com/organizations/${owner.login}`;
  return {
    id,
    account: accountJson(owner),
    access_tokens_url: `https://api.github.com/app/installations/${id}/access_tokens`,
    repositories_url: 'https://api.github.com/installation/repositories',
    html_url: `${web}/settings/installations/${id}`,
    app_id: app.id,
    client_id: app.clientId,
    target_id: owner.id,
    target_type: owner.kind,
    permissions,
    events: EVENTS,
    created_at: FOUNDED,
    updated_at: FOUNDED,
    single_file_name: null,
    repository_selection: 'all',
    app_slug: app.slug,
    suspended_at: installation.state === 'suspended' ? FOUNDED : null,
    suspended_by: installation.state === 'suspended' ? accountJson(owner) : null,
  };
}

function createToken(call: RestCall): RestAnswer {
  const installation = installationOf(call);
  if (installation === undefined || installation.state === 'deleted' || isSecondUse(call)) return notFound();
  if (installation.state === 'suspended') return suspended();
  const permissions = { ...((call.body['permissions'] ?? installation.permissions) as Permissions) };
  const excess = Object.entries(permissions).find(([name, level]) =>
    lacks(installation.permissions, name, level as Level),
  );
  if (excess !== undefined) return failure(422, 'The permissions requested are not granted to this installation.');
  const repositories = chosen(call, installation);
  if (repositories === undefined)
    return failure(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  const token = newToken(call.hub, { installation, permissions, repositories: repositories.names });
  call.tokens.set(token.text, token);
  return answer(201, {
    token: token.text,
    expires_at: dateText(token.expiresAt),
    permissions,
    repository_selection: repositories.names === undefined ? 'all' : 'selected',
    ...(repositories.names === undefined ? {} : { repositories: repositories.found.map(repositoryJson) }),
  });
}

/** The same bytes as before: seen refused when App JWTs of one second were alike (switch `jwtTwice404`). */
function isSecondUse({ hub, tokens, caller }: RestCall): boolean {
  if (!hub.faults.jwtTwice404 || caller.kind !== 'app' || caller.jwt === '') return false;
  const used = usedJwts.get(tokens) ?? new Set();
  usedJwts.set(tokens, used);
  if (used.has(caller.jwt)) return true;
  used.add(caller.jwt);
  return false;
}

function chosen({ body }: RestCall, installation: Installation) {
  const names = body['repositories'] as string[] | undefined;
  const ids = body['repository_ids'] as number[] | undefined;
  if (names === undefined && ids === undefined) return { names: undefined, found: [] };
  const all = [...installation.owner.repositories.values()];
  const found = all.filter(({ name, id }) => names?.includes(name) || ids?.includes(id));
  if (found.length < new Set([...(names ?? []), ...(ids ?? [])]).size) return undefined;
  return { names: new Set(found.map(({ name }) => name.toLowerCase())), found };
}

function listRepositories(call: RestCall): RestAnswer {
  if (call.caller.kind !== 'installation') return notFound();
  const { installation, repositories } = call.caller.token;
  const all = [...installation.owner.repositories.entries()].filter(([, { outside }]) => !outside);
  const seen = all.filter(([name]) => repositories?.has(name) ?? true).map(([, repository]) => repository);
  return paged(call.request, seen, (page) => ({ total_count: seen.length, repositories: page.map(repositoryJson) }));
}

function rateLimit({ hub, bucket }: RestCall): RestAnswer {
  const core = limitJson(hub, bucket);
  const others = { limit: 30, used: 0, remaining: 30, reset: core.reset };
  return answer(200, { resources: { core, search: others, graphql: core }, rate: core });
}
