/** The simulated GitHub: its books, its REST API, what runners see of it, its webhooks, and its switches. */
import type { Chance } from '../chance.ts';
import type { SimClock } from '../clock.ts';
import { stoppable } from '../stoppable-clock.ts';
import { appOf, type Tokens } from './authentication.ts';
import { type Books, emptyBooks, type Job } from './books.ts';
import { type Control, controlOf } from './control.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { type Action, type Hub, risingIds } from './hub.ts';
import type { Bucket } from './rate-limits.ts';
import { type Rest, restOf } from './rest.ts';
import { type RunnerSide, runnerSideOf } from './runner-side.ts';
import { ANSWER_MS_MAX, type Deliver, type Webhooks, webhooksOf } from './webhooks.ts';

export type GitHubServiceOptions = {
  clock: SimClock;
  chance: Chance;
  /** The one App. Without a public key (PEM) no JWT is good: in process, see `RestOptions.asApp`. */
  app: { id: number; publicKey?: string; slug?: string };
  /** Where webhooks go; it can be changed later by `configure` or over REST. */
  webhook?: { url?: string; secret: string };
  /** Sends a webhook. A rejection is a connection that failed. */
  deliver: Deliver;
  /** How long a webhook's receiver has, in simulated milliseconds; a stack that runs faster than real time gives more. */
  webhookAnswerMs?: number;
  faults?: Partial<Faults>;
  /** Told of each change of a job's state as it happens, whatever becomes of its webhook: for whoever judges. */
  onJob?: (job: Job, action: Action) => void;
  /** Whether REST calls that name unknown owners make them; default: they are answered 404. */
  unknownOwnersAreMade?: boolean;
};

export type GitHubService = {
  rest: Rest;
  runnerSide: RunnerSide;
  control: Control;
  /** For checks that count from GitHub's own books. Not to be written to. */
  books: Books;
  webhooks: Webhooks;
  /** REST calls so far, by path as GitHub documents it. */
  calls: ReadonlyMap<string, number>;
  /** Those of them that have counted for a primary limit, of all installations and of the App. */
  charges: ReadonlyMap<string, number>;
  /** How many calls of the installation have counted for its primary limit so far, of all hours. */
  charged: (installation: number) => number;
  /** Sets the hook's address or secret. */
  configure: (hook: { url?: string; secret?: string; contentType?: 'json' | 'form' }) => void;
  /** Ends every timer. */
  close: () => void;
};

export function createGitHubService(options: GitHubServiceOptions): GitHubService {
  const { chance } = options;
  const hook = {
    id: 512_345_678,
    url: options.webhook?.url,
    secret: options.webhook?.secret ?? '',
    contentType: 'json' as const,
    active: true,
  };
  const way = { deliver: options.deliver, answerMs: options.webhookAnswerMs ?? ANSWER_MS_MAX };
  const webhooks = webhooksOf(() => hub, options.app.id, hook, way);
  const hub: Hub = {
    books: emptyBooks(),
    time: stoppable(options.clock),
    chance,
    faults: { ...NO_FAULTS, ...options.faults },
    ids: risingIds(chance),
    announce: (job, action) => {
      options.onJob?.(job, action);
      webhooks.announce(job, action);
    },
  };
  const tokens: Tokens = new Map();
  const calls = new Map<string, number>();
  const charges = new Map<string, number>();
  const buckets = new Map<number, Bucket>();
  const unknownOwnersAreMade = options.unknownOwnersAreMade ?? false;
  return {
    rest: restOf({ hub, app: appOf(options.app), tokens, webhooks, calls, charges, buckets, unknownOwnersAreMade }),
    runnerSide: runnerSideOf(hub),
    control: controlOf(hub),
    books: hub.books,
    webhooks,
    calls,
    charges,
    charged: (installation) => buckets.get(installation)?.charged ?? 0,
    configure: (change) => Object.assign(hook, change),
    close: hub.time.stop,
  };
}
