/** The four functions with what triggers them: webhooks, containers, the queue and the schedule. */
import type { SQSEvent } from 'aws-lambda';
import type { HttpEvent } from '../../handlers/http.ts';
import { janitorHandler } from '../../handlers/janitor.ts';
import { registrarHandler } from '../../handlers/registrar.ts';
import { scalerHandler } from '../../handlers/scaler.ts';
import { webhookHandler } from '../../handlers/webhook.ts';
import type { SimClock } from '../../sim/clock.ts';
import type { Registrar, RegistrarRequest } from '../../sim/container-state.ts';
import type { Deliver } from '../../sim/github-service/webhooks.ts';
import type { SimQueue } from '../../sim/queue.ts';
import type { Deployment } from './deployment.ts';
import type { Lambda } from './lambda.ts';
import { SECRET } from './services.ts';
import type { StageOptions } from './stage.ts';

export type Functions = ReturnType<typeof createFunctions>;
type Parts = { clock: SimClock; queue: SimQueue; invoke: Lambda['invoke']; readConfig: Deployment['readConfig'] };

const SCALERS_MAX = 10;
const BATCH_MAX = 10;
const MINUTE_MS = 60_000;

export function createFunctions(options: StageOptions, parts: Parts) {
  const askRegistrar = registrarOf(parts);
  const poll = pollerOf(options, parts);
  parts.queue.onVisible(() => void poll());
  if (options.janitor !== false) schedule(options, parts);
  return { askRegistrar, poll, registrar: unreliable(options, askRegistrar), deliver: delivererOf(options, parts) };
}

function delivererOf(options: StageOptions, { invoke, readConfig }: Parts): Deliver {
  const readWebhookConfig = async () => ({ ...(await readConfig()), webhookSecrets: [SECRET] });
  return async ({ headers, body }) => {
    options.alsoDeliver?.({ headers, body });
    const instead = options.door?.();
    if (instead !== undefined) return instead;
    const event = httpEvent('/webhook', headers, body);
    const answer = await invoke('webhook', (world) => webhookHandler(world, readWebhookConfig)(event));
    return { status: answer.statusCode ?? 500, body: answer.body ?? '' };
  };
}

/** As the HTTP API does: the path, the headers and the body are all that the function gets. */
function registrarOf({ invoke, readConfig }: Parts): Registrar {
  return async ({ path, headers, body }) => {
    const name = /^\/runners\/([^/]+)\//.exec(path)?.[1] ?? '';
    const event = { ...httpEvent(path, headers, body), pathParameters: { name } };
    const answer = await invoke('registrar', (world) => registrarHandler(world, readConfig)(event));
    const answered = Object.entries(answer.headers ?? {}).map(([key, value]) => [key, String(value)]);
    return { status: answer.statusCode ?? 500, headers: Object.fromEntries(answered), body: answer.body ?? '' };
  };
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
