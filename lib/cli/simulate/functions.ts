/** The four functions with what triggers them: webhooks, containers, the queue and the schedule. */
import type { SQSEvent } from 'aws-lambda';
import type { HttpAnswer, HttpEvent } from '../../handlers/http.ts';
import { janitorHandler } from '../../handlers/janitor.ts';
import { registrarHandler } from '../../handlers/registrar.ts';
import { scalerHandler } from '../../handlers/scaler.ts';
import { webhookHandler } from '../../handlers/webhook.ts';
import type { SimClock } from '../../sim/clock.ts';
import type { Registrar, RegistrarAnswer, RegistrarRequest } from '../../sim/container-state.ts';
import type { Deliver } from '../../sim/github-service/webhooks.ts';
import type { SimQueue } from '../../sim/queue.ts';
import type { World } from '../../world.ts';
import type { Deployment } from './deployment.ts';
import type { Lambda } from './lambda.ts';
import { SECRET } from './services.ts';
import type { StageOptions } from './stage.ts';

export type Functions = ReturnType<typeof createFunctions>;
/** What a function sees of the world that it is given. */
export type Through = (world: World) => World;
type Parts = { clock: SimClock; queue: SimQueue; invoke: Lambda['invoke']; readConfig: Deployment['readConfig'] };

const SCALERS_MAX = 10;
const BATCH_MAX = 10;
const MINUTE_MS = 60_000;

export function createFunctions(options: StageOptions, parts: Parts) {
  const askRegistrar = registrarOf(parts);
  const poll = pollerOf(options, parts);
  parts.queue.onVisible(() => void poll());
  if (options.janitor !== false) schedule(options, parts);
  return {
    askRegistrar,
    poll,
    registrar: unreliable(options, askRegistrar),
    deliver: delivererOf(options, webhookOf(parts)),
    /** The ways in from outside, and what whoever comes there does to the world. */
    doors: (through: Through) => ({ webhook: webhookOf(parts, through), registrar: registrarOf(parts, through) }),
  };
}

function delivererOf(options: StageOptions, ask: Registrar): Deliver {
  return async ({ headers, body }) => {
    options.alsoDeliver?.({ headers, body });
    const { status, body: text } = options.door?.() ?? (await ask({ path: '/webhook', headers, body }));
    return { status, body: text };
  };
}

function webhookOf({ invoke, readConfig }: Parts, through: Through = asItIs): Registrar {
  const readWebhookConfig = async () => ({ ...(await readConfig()), webhookSecrets: [SECRET] });
  return async ({ path, headers, body }) => {
    const event = httpEvent(path, headers, body);
    return answerOf(await invoke('webhook', (world) => webhookHandler(through(world), readWebhookConfig)(event)));
  };
}

/** As the HTTP API does: the path, the headers and the body are all that the function gets. */
function registrarOf({ invoke, readConfig }: Parts, through: Through = asItIs): Registrar {
  return async ({ path, headers, body }) => {
    const name = /^\/runners\/([^/]+)\//.exec(path)?.[1] ?? '';
    const event = { ...httpEvent(path, headers, body), pathParameters: { name } };
    return answerOf(await invoke('registrar', (world) => registrarHandler(through(world), readConfig)(event)));
  };
}

function asItIs(world: World): World {
  return world;
}

function answerOf({ statusCode = 500, headers = {}, body = '' }: HttpAnswer): RegistrarAnswer {
  const answered = Object.entries(headers).map(([key, value]) => [key, String(value)]);
  return { status: statusCode, headers: Object.fromEntries(answered), body };
}

/** The way from a container to the registrar, and back. */
function unreliable({ lose, overhear }: StageOptions, ask: Registrar): Registrar {
  let requests = 0;
  return async (request: RegistrarRequest) => {
    const lost = lose?.(request.path, requests++);
    if (lost === 'request') throw new Error('the connection was cut');
    if (lost === 'doubled') void ask(request).catch(() => undefined);
    const answer = await ask(request);
    overhear?.(request, answer);
    if (lost === 'answer') throw new Error('the connection was cut');
    return answer;
  };
}

/** Takes batches out of the queue until it is empty; so many at once. */
function pollerOf({ scalers = SCALERS_MAX }: StageOptions, { queue, invoke, readConfig }: Parts) {
  let polling = 0;
  const scale = async (batch: ReturnType<SimQueue['receive']>): Promise<Set<string>> => {
    const event = { Records: batch.map(({ id, body }) => ({ messageId: id, body })) } as unknown as SQSEvent;
    return invoke('scaler', (world) => scalerHandler(world, readConfig)(event)).then(
      ({ batchItemFailures }) => new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)),
      () => new Set(batch.map(({ id }) => id)),
    );
  };
  return async function poll(): Promise<void> {
    if (polling >= scalers) return;
    polling += 1;
    try {
      for (let batch = queue.receive(BATCH_MAX); batch.length > 0; batch = queue.receive(BATCH_MAX)) {
        const failed = await scale(batch);
        for (const { id, receipt } of batch) if (!failed.has(id)) queue.remove(receipt);
      }
    } finally {
      polling -= 1;
    }
  };
}

function schedule({ janitors }: StageOptions, { clock, invoke, readConfig }: Parts): void {
  clock.after(MINUTE_MS, function tick() {
    clock.after(MINUTE_MS, tick);
    for (let left = janitors?.() ?? 1; left > 0; left -= 1) {
      void invoke('janitor', (world) => janitorHandler(world, readConfig)()).catch(() => undefined);
    }
  });
}

function httpEvent(path: string, headers: Readonly<Record<string, string | undefined>>, body: string): HttpEvent {
  return { rawPath: path, headers: { ...headers }, body, isBase64Encoded: false };
}
