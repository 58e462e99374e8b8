/** Webhooks that GitHub did not send: each is about a queued job that GitHub does not know. */
import { createHmac } from 'node:crypto';
import type { Chance } from '../chance.ts';
import type { Job } from '../github-service/books.ts';
import { hex } from '../github-service/hub.ts';
import { eventText, jobJson } from '../github-service/payloads.ts';
import type { GitHubService } from '../github-service/service.ts';
import type { Attempt } from './attempt.ts';

const OTHER_SECRET = 'a secret that somebody has guessed';

export function webhookAttempts(github: GitHubService, chance: Chance): Attempt[] {
  const model = chance.pick([...github.books.jobs.values()].filter(({ run }) => run.repository.outside !== true));
  if (model === undefined) return [];
  const { secret } = github.webhooks.hook;
  const rows: [how: string, sign: (body: string, other: string) => string | undefined][] = [
    ['without a signature', () => undefined],
    ['with an empty signature', () => ''],
    ['with a signature made up', () => `sha256=${hex(chance, 64)}`],
    ['signed with another secret', (body) => signed(OTHER_SECRET, body)],
    ['signed with an empty secret', (body) => signed('', body)],
    ['with a body that was changed after it was signed', (_, other) => signed(secret, other)],
  ];
  return rows.map(([how, sign]) => {
    const body = bodyOf(model, chance);
    const signature = sign(body, `${body}\n`);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      'x-github-delivery': hex(chance, 32),
      ...(signature !== undefined && { 'x-hub-signature-256': signature }),
    };
    return { what: `a webhook ${how}`, door: 'webhook', request: { path: '/webhook', headers, body } };
  });
}

function signed(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Like a job that there is, under an id below all that this GitHub gives. */
function bodyOf(model: Job, chance: Chance): string {
  const never = { runner: undefined, assignedTo: undefined, startedAt: undefined, completedAt: undefined };
  const id = chance.between(40_000_000_000, 50_000_000_000);
  const job: Job = { ...model, ...never, id, state: 'queued', before: 'queued', conclusion: null };
  return eventText('queued', JSON.stringify(jobJson(job)), model.run.repository);
}
