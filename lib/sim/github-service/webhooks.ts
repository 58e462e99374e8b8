/**
 * Webhooks out. Each is tried once, never again by itself (GitHub docs: "Handling failed webhook deliveries"); every
 * attempt is recorded for the deliveries API.
 */
import { createHmac } from 'node:crypto';
import type { Installation, Job, Repository } from './books.ts';
import type { Faults } from './faults.ts';
import { type Action, type Hub, hex, uuid } from './hub.ts';
import { eventText, jobJson } from './payloads.ts';

/** GitHub docs, "Handling webhook deliveries": the receiver has 10 seconds. */
export const ANSWER_MS_MAX = 10_000;
/** GitHub docs: deliveries of the last 3 days can be seen and made again. */
export const KEPT_MS = 3 * 24 * 60 * 60 * 1000;
/** Older ones are forgotten when there are so many. */
const FORGET_AT = 1000;
/** Field reports: seconds to minutes. */
const DELAY_MS = { least: 1000, most: 180_000 };

export type WebhookRequest = { url: string | undefined; headers: Record<string, string>; body: string };
export type WebhookAnswer = { status: number; headers?: Record<string, string>; body?: string };
export type Deliver = (request: WebhookRequest) => Promise<WebhookAnswer>;

export type Hook = {
  id: number;
  url: string | undefined;
  secret: string;
  contentType: 'json' | 'form';
  active: boolean;
};

/** An attempt that was made, with what is needed to make it again. */
export type Delivery = {
  id: number;
  guid: string;
  action: Action;
  job: string;
  repository: Repository;
  installation: Installation;
  deliveredAt: number;
  durationSeconds: number;
  redelivery: boolean;
  status: string;
  statusCode: number;
  request: Record<string, string>;
  response: WebhookAnswer;
};

export type Webhooks = {
  hook: Hook;
  /** Oldest first. */
  deliveries: Delivery[];
  announce: (job: Job, action: Action) => void;
  /** The App asks for it. */
  redeliver: (delivery: Delivery) => void;
  /** Somebody asks for it by hand. */
  redeliverByHand: (delivery: Delivery) => void;
  /** How often the App has asked for an event, by GUID, since somebody did last. */
  asked: Map<string, number>;
  /** How many attempts wait for their answer. */
  underWay: () => number;
};

/** `answerMs`: how long the receiver has, simulated. */
export type Way = { deliver: Deliver; answerMs: number };

type Event = Pick<Delivery, 'guid' | 'action' | 'job' | 'repository' | 'installation' | 'redelivery'>;

export function webhooksOf(hub: () => Hub, app: number, hook: Hook, way: Way): Webhooks {
  const deliveries: Delivery[] = [];
  const asked = new Map<string, number>();
  let underWay = 0;

  function announce(job: Job, action: Action): void {
    const { faults, chance, time } = hub();
    const { repository } = job.run;
    const { installation } = repository.owner;
    if (!hook.active || repository.outside || installation.state !== 'active' || isLost(hub(), action)) return;
    const text = JSON.stringify(jobJson(job, faults.cancelledRunnerNull, chance.happens(faults.manySteps)));
    const event = { guid: uuid(chance), action, job: text, repository, installation, redelivery: false };
    send(event, delayOf(hub()));
    if (!chance.happens(faults.duplicateWebhooks)) return;
    const again = chance.happens(0.5) ? event : { ...event, guid: uuid(chance) };
    time.after(chance.between(0, 5000), () => send(again, 0));
  }

  function send(event: Event, delayMs: number): void {
    if (delayMs === 0) void attempt(event);
    else hub().time.after(delayMs, () => void attempt(event));
  }

  async function attempt(event: Event): Promise<void> {
    underWay += 1;
    await null; // The books are in the middle of a change, and the receiver may ask for them.
    const { time, ids } = hub();
    const deliveredAt = time.now();
    const request = requestOf(hook, app, event);
    const response = await answerTo(hub(), way, request);
    const delivery = {
      ...event,
      id: ids.delivery(),
      deliveredAt,
      durationSeconds: (time.now() - deliveredAt) / 1000,
      ...verdict(response),
      request: request.headers,
      response,
    };
    deliveries.push(delivery);
    underWay -= 1;
    forget(deliveries, time.now());
  }

  return {
    hook,
    deliveries,
    announce,
    asked,
    redeliver: (delivery) => {
      asked.set(delivery.guid, (asked.get(delivery.guid) ?? 0) + 1);
      void attempt({ ...delivery, redelivery: true });
    },
    redeliverByHand: (delivery) => {
      asked.delete(delivery.guid);
      void attempt({ ...delivery, redelivery: true });
    },
    underWay: () => underWay,
  };
}

/** The body's bytes, signed over with both hashes, and the headers that GitHub sends for an App's hook. */
function requestOf(hook: Hook, app: number, event: Event): WebhookRequest {
  const json = eventText(event.action, event.job, event.repository);
  const body = hook.contentType === 'json' ? json : `payload=${encodeURIComponent(json)}`;
  const type = hook.contentType === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  return {
    url: hook.url,
    body,
    headers: {
      accept: '*/*',
      'content-type': type,
      'user-agent': 'GitHub-Hookshot/1a2b3c4',
      'x-github-delivery': event.guid,
      'x-github-event': 'workflow_job',
      'x-github-hook-id': String(hook.id),
      'x-github-hook-installation-target-id': String(app),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature': `sha1=${createHmac('sha1', hook.secret).update(body).digest('hex')}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`,
    },
  };
}

const LOST_SHARE: Readonly<Record<Action, (faults: Readonly<Faults>) => number>> = {
  queued: ({ loseQueued }) => loseQueued,
  waiting: () => 0,
  in_progress: ({ loseInProgress }) => loseInProgress,
  completed: ({ loseCompleted }) => loseCompleted,
};

function isLost(hub: Hub, action: Action): boolean {
  const { faults, chance } = hub;
  const { loseWebhooks, loseWebhooksOf } = faults;
  if (chance.happens(LOST_SHARE[action](faults))) return true;
  return (loseWebhooksOf.length === 0 || loseWebhooksOf.includes(action)) && chance.happens(loseWebhooks);
}

function delayOf(hub: Hub): number {
  return hub.chance.happens(hub.faults.reorderWebhooks) ? hub.chance.between(DELAY_MS.least, DELAY_MS.most) : 0;
}

const TIMED_OUT: WebhookAnswer = { status: 504, body: 'timed out' };
const NOT_REACHED: WebhookAnswer = { status: 0, body: 'failed to connect to host' };

async function answerTo(hub: Hub, { deliver, answerMs }: Way, request: WebhookRequest): Promise<WebhookAnswer> {
  if (hub.chance.happens(hub.faults.failWebhooks)) {
    return (
      hub.chance.pick([TIMED_OUT, NOT_REACHED, { status: 502, body: `<html>${hex(hub.chance, 8)}</html>` }]) ??
      TIMED_OUT
    );
  }
  let cancel = () => undefined as unknown;
  const tooLong = new Promise<WebhookAnswer>((resolve) => {
    cancel = hub.time.after(answerMs, () => resolve(TIMED_OUT));
  });
  const answer = await Promise.race([deliver(request).catch(() => NOT_REACHED), tooLong]);
  cancel();
  return answer;
}

function verdict(answer: WebhookAnswer): { status: string; statusCode: number } {
  if (answer === TIMED_OUT || answer === NOT_REACHED) return { status: answer.body ?? '', statusCode: answer.status };
  const isGood = answer.status >= 200 && answer.status < 300;
  return { status: isGood ? 'OK' : `Invalid HTTP Response: ${answer.status}`, statusCode: answer.status };
}

function forget(deliveries: Delivery[], now: number): void {
  const oldest = deliveries[FORGET_AT];
  if (oldest !== undefined && oldest.deliveredAt < now - KEPT_MS) deliveries.splice(0, FORGET_AT);
}
