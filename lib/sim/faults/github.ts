/** What GitHub does to us, by the number under which it was written down. */
import type { Fault, Targets } from './fault.ts';
import { forHours, nowAndThen, ofGitHub, ofKnob } from './fault.ts';
import { ROUTES, type RouteName } from './knobs.ts';
import { KINDS } from './rest.ts';

/** Another one than the functions know. */
const WRONG_SECRET = 'a secret that nobody told the functions';

/** What it is otherwise. */
const secrets = new WeakMap<Targets['github'], string>();

const WORDS: Readonly<Record<(typeof KINDS)[number], string>> = {
  '502': 'answered 502, nothing done',
  lost: 'done and then answered 502 (N8)',
  cut: 'done and then cut (N8)',
  limited: 'refused with the secondary limit (N6)',
  truncated: 'done, and half of the answer is missing (N7)',
  hang: 'without an answer for ten seconds, done or not (N7)',
};

export const githubFaults: Readonly<Record<string, Fault>> = {
  'webhooks.lost': ofGitHub('loseWebhooks', 'never attempted (N25)', [0.02, 0.3]),
  'webhooks.queuedLost': ofGitHub('loseQueued', '`queued` never attempted (N25)', [0.05, 0.6]),
  'webhooks.startedLost': ofGitHub('loseInProgress', '`in_progress` never attempted (N25)', [0.05, 1]),
  'webhooks.completedLost': ofGitHub('loseCompleted', '`completed` never attempted (N19, N25)', [0.05, 1]),
  'webhooks.failed': ofGitHub('failWebhooks', 'attempted in vain: time-out, no connection, 502 (N25)', [0.02, 0.5]),
  'webhooks.doubled': ofGitHub('duplicateWebhooks', 'sent twice, under the same or another GUID (N24)', [0.05, 1]),
  'webhooks.late': ofGitHub(
    'reorderWebhooks',
    'up to three minutes late, overtaken by later ones (N23, N27)',
    [0.05, 1],
  ),
  'webhooks.wrongSecret': forHours(
    'signed with a secret that we do not know (N26)',
    [0.2, 2],
    (targets) => changeSecret(targets, WRONG_SECRET),
    (targets) => changeSecret(targets, undefined),
  ),
  'webhooks.down': forHours(
    'none is attempted at all',
    [0.2, 2],
    ({ github }) => void github.control.setFaults({ loseQueued: 1, loseInProgress: 1, loseCompleted: 1 }),
    ({ github }) => void github.control.setFaults({ loseQueued: 0, loseInProgress: 0, loseCompleted: 0 }),
  ),
  'github.down': ofKnob('githubDown', 'every REST call is answered 502', [0.2, 2], 'hours'),
  'github.502': ofGitHub('restFailBefore', 'REST calls answered 502, nothing done (N7)', [0.01, 0.3]),
  'github.lost': ofGitHub('restFailAfter', 'REST calls done and then answered 502 (N8)', [0.01, 0.2]),
  'github.cut': ofGitHub('restCut', 'REST calls done and then cut (N7, N8)', [0.01, 0.2]),
  'github.slow': ofGitHub('restDelaySeconds', 'how long every REST call takes (N7)', [0.2, 10], 'seconds'),
  'github.limited': ofGitHub('secondaryRateLimit', 'REST calls refused with the secondary limit (N6)', [0.01, 0.3]),
  'github.callsPerHour': ofGitHub('callsPerHourMax', 'the primary limit (N5)', [1200, 4000], 'calls'),
  'github.pointsPerMinute': ofGitHub('pointsPerMinuteMax', 'the secondary limit (N6)', [150, 800], 'calls'),
  'token.fresh401': ofGitHub('freshToken401Seconds', 'a new token is answered 401 so long (N2)', [1, 3], 'seconds'),
  'lists.lag': ofGitHub('listLagSeconds', 'lists of runners are so old (N9)', [10, 60], 'seconds'),
  'runners.shownIdle': ofGitHub('busyShownIdle', 'busy runners that are shown as idle (N12)', [0.05, 1]),
  'runners.shownOffline': ofGitHub('onlineShownOffline', 'working runners that are shown as offline (N12)', [0.05, 1]),
  'lists.partial': ofGitHub('leftOutOfLists', 'runners that a list leaves out (N9)', [0.02, 0.3]),
  'runners.idleRemoved': ofGitHub(
    'idleJitRemoved',
    'runners that GitHub removes after minutes of idling (N10)',
    [0.05, 1],
  ),
  'runners.ghosts': ofGitHub('ghostRunners', 'assignments lost when the runner takes them (N13)', [0.01, 0.1]),
  'sessions.refused': ofGitHub('refuseSessions', 'connections of runners refused for the moment', [0.05, 0.5]),
  'jobs.stale': ofGitHub('staleJobs', 'jobs shown as they were before the last change (S18)', [0.05, 0.5]),
  'app.suspended': forHours(
    'the installation is suspended (N3)',
    [0.1, 1],
    (targets) => suspend(targets, true),
    (targets) => suspend(targets, false),
  ),
  'app.accessLost': ofKnob('accessLost', 'every call for an installation is answered 404', [0.1, 1], 'hours'),
  'repositoryRunners.forbidden': forHours(
    'the organisations forbid runners on repositories (N17)',
    [0.1, 2],
    (targets) => forbid(targets, false),
    (targets) => forbid(targets, true),
  ),
  'permissions.pending': forHours(
    'new permissions are not granted yet (N33)',
    [0.1, 1],
    (targets) => grant(targets, 'read'),
    (targets) => grant(targets, 'write'),
  ),
  ...Object.fromEntries(ROUTES.flatMap((route) => KINDS.map((kind) => [`${route}.${kind}`, ofRoute(route, kind)]))),
  'jobs.allCancelled': nowAndThen('a person cancels all that runs or waits', [0, 0.1], ({ github }) => {
    for (const job of github.books.jobs.values()) if (job.state !== 'completed') github.control.cancel(job.id);
  }),
};

function ofRoute(route: RouteName, kind: (typeof KINDS)[number]): Fault {
  const name = `${route}.${kind}`;
  return {
    what: `calls of this kind ${WORDS[kind]}`,
    unit: 'share',
    range: [0.02, 0.4],
    max: 1,
    begin: ({ knobs }, value) => {
      knobs.rest[name] = value;
    },
    end: ({ knobs }) => {
      knobs.rest[name] = 0;
    },
  };
}

/** `undefined`: what it was. */
function changeSecret({ github }: Targets, secret: string | undefined): void {
  const before = secrets.get(github) ?? github.webhooks.hook.secret;
  secrets.set(github, before);
  github.configure({ secret: secret ?? before });
}

function eachOwner({ github }: Targets, change: (owner: string, kind: string) => Record<string, unknown>): void {
  for (const { login, kind } of github.books.owners.values()) {
    github.control.putInstallation({ owner: login, kind, ...change(login, kind) });
  }
}

function suspend(targets: Targets, suspended: boolean): void {
  const [first] = targets.github.books.owners.values();
  eachOwner(targets, (owner) => (owner === first?.login ? { suspended } : {}));
}

function forbid(targets: Targets, repositoryRunners: boolean): void {
  eachOwner(targets, (_, kind) => (kind === 'Organization' ? { repositoryRunners } : {}));
}

function grant(targets: Targets, level: 'read' | 'write'): void {
  const permissions = {
    metadata: 'read',
    actions: 'read',
    organization_self_hosted_runners: level,
    administration: level,
  };
  eachOwner(targets, () => ({ permissions }));
}
