/** The simulated GitHub, in this process and over HTTP, with its App hook pointed at the deployed API. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { deliverByHttp, serveGitHub } from '../../lib/local/github.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { scaledClock } from '../../lib/sim/clock.ts';
import type { JobView } from '../../lib/sim/github-service/control.ts';
import { createGitHubService, type GitHubService } from '../../lib/sim/github-service/service.ts';

export type GitHub = {
  url: string;
  service: GitHubService;
  secrets: { webhookSecret: string; ticketSecret: string; app: { appId: number; privateKey: string } };
  /** Queues jobs; gives their ids. */
  queue: (jobs: { labels: string[]; count?: number; durationSeconds: number }) => number[];
  job: (id: number) => JobView;
  close: () => Promise<void>;
};

const APP_ID = 123_456;
const OWNER = 'octo-org';
const REPOSITORY = 'octo-repo';

export async function startGitHub(): Promise<GitHub> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const webhookSecret = randomBytes(20).toString('hex');
  const ticketSecret = randomBytes(20).toString('hex');
  const service = createGitHubService({
    clock: scaledClock({ origin: Date.now(), speed: 1 }),
    chance: seededChance(Date.now()),
    app: { id: APP_ID, publicKey },
    webhook: { secret: webhookSecret },
    deliver: deliverByHttp,
  });
  const { url, close } = await serveGitHub({ service, port: 0 });
  const { control } = service;
  return {
    url,
    service,
    secrets: { webhookSecret, ticketSecret, app: { appId: APP_ID, privateKey } },
    queue: ({ labels, count = 1, durationSeconds }) => {
      const added = control.addJobs({ owner: OWNER, repo: REPOSITORY, labels, count, durationSeconds });
      if ('problems' in added) throw new Error(added.problems.join(' '));
      return added.ids;
    },
    job: (id) => {
      const found = control.jobs().find((job) => job.id === id);
      if (found === undefined) throw new Error(`GitHub knows no job ${id}`);
      return found;
    },
    close,
  };
}
