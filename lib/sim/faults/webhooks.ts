/** What becomes of GitHub's webhooks, and what comes that never was. By the number under which it was written down. */
import type { Job } from '../github-service/books.ts';
import { type Fault, forHours, nowAndThen, ofGitHub, type Targets } from './fault.ts';

/** Another one than the functions know. */
const WRONG_SECRET = 'a secret that nobody told the functions';
const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

/** What it is otherwise. */
const secrets = new WeakMap<Targets['github'], string>();

export const webhookFaults: Readonly<Record<string, Fault>> = {
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
  'webhooks.long': ofGitHub('manySteps', 'jobs that show 300 steps (N28)', [0.05, 1]),
  'webhooks.bogus': nowAndThen(
    'a `completed` of a check run that is no job: no labels, no runner (N21)',
    [0.1, 6],
    announceBogus,
  ),
  'webhooks.ancient': nowAndThen(
    '`queued` of a job that was cancelled two days ago, delivered again (N27)',
    [0.1, 6],
    announceAncient,
  ),
  'webhooks.redelivered': nowAndThen(
    'a person has one of the last three days delivered again (N27)',
    [0.1, 6],
    ({ github, chance }) => {
      const delivery = chance.pick(github.webhooks.deliveries);
      if (delivery !== undefined) github.webhooks.redeliverByHand(delivery);
    },
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
};

/** `undefined`: what it was. */
function changeSecret({ github }: Targets, secret: string | undefined): void {
  const before = secrets.get(github) ?? github.webhooks.hook.secret;
  secrets.set(github, before);
  github.configure({ secret: secret ?? before });
}

function announceBogus(targets: Targets): void {
  const job = anyJob(targets);
  if (job === undefined) return;
  const about = { labels: [], runner: undefined, state: 'completed' as const, conclusion: 'success' };
  targets.github.webhooks.announce(
    { ...job, ...about, id: otherId(targets), completedAt: targets.clock.now() },
    'completed',
  );
}

/** It is in the books: GitHub knows that it has ended. */
function announceAncient(targets: Targets): void {
  const job = anyJob(targets);
  if (job === undefined) return;
  const queuedAt = targets.clock.now() - TWO_DAYS_MS;
  const never = { id: otherId(targets), runner: undefined, assignedTo: undefined, startedAt: undefined, queuedAt };
  const queued: Job = { ...job, ...never, state: 'queued', before: 'queued', conclusion: null, completedAt: undefined };
  const ended = { state: 'completed' as const, conclusion: 'cancelled', completedAt: queuedAt, cancelRequested: true };
  targets.github.books.jobs.set(queued.id, { ...queued, ...ended });
  targets.github.webhooks.announce(queued, 'queued');
}

function anyJob({ github, chance }: Targets): Job | undefined {
  return chance.pick([...github.books.jobs.values()].filter(({ run }) => run.repository.outside !== true));
}

/** Below all ids that this GitHub gives: of nobody else. */
function otherId({ chance }: Targets): number {
  return chance.between(50_000_000_000, 60_000_000_000);
}
