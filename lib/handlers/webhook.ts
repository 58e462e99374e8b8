/** `POST /webhook`: verify the signature over the raw bytes, then parse, then enqueue. */
import { Webhooks } from '@octokit/webhooks';
import type { Pools } from '../core/pool.ts';
import { receive } from '../flows/receive.ts';
import type { World } from '../world.ts';
import type { HttpAnswer, HttpEvent } from './http.ts';
import { answer, bodyBytes, header } from './http.ts';
import { projectWorkflowJob } from './workflow-job.ts';

export type WebhookConfig = { prefix: string; pools: Pools; webhookSecrets: readonly string[] };
export type WebhookWorld = Pick<World, 'queue' | 'clock' | 'log'>;

/** Lambda takes 6 MB; workflow_job events have some 10 kB. */
const BODY_BYTES_MAX = 6 * 1024 * 1024;

export function webhookHandler(
  world: WebhookWorld,
  readConfig: () => Promise<WebhookConfig>,
): (event: HttpEvent) => Promise<HttpAnswer> {
  return async (event) => {
    const body = bodyBytes(event);
    if (body.length > BODY_BYTES_MAX) return refuse(world, event, 413, 'the body is larger than 6 MB');
    const config = await readConfig();
    const text = body.toString('utf8');
    const isSigned = await isSignedWith(config.webhookSecrets, text, header(event, 'x-hub-signature-256'));
    if (!isSigned) return refuse(world, event, 401, 'X-Hub-Signature-256 is missing or wrong');
    if (!isJson(header(event, 'content-type'))) {
      return refuse(world, event, 415, 'the hook must send application/json: set its content type');
    }
    return take(world, config, event, text);
  };
}

async function take(world: WebhookWorld, config: WebhookConfig, event: HttpEvent, text: string): Promise<HttpAnswer> {
  const payload = parseJson(text);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return refuse(world, event, 400, 'the body is not a JSON object');
  const name = header(event, 'x-github-event');
  if (name === undefined) return refuse(world, event, 400, 'the header X-GitHub-Event is missing');
  if (name !== 'workflow_job')
    return ignore(world, event, `event ${JSON.stringify(name.slice(0, 50))} asks for nothing`);
  const projected = projectWorkflowJob(payload, world.clock.now());
  if (projected.kind === 'invalid') return refuse(world, event, 400, projected.reason);
  if (projected.kind === 'ignored') return ignore(world, event, projected.reason);
  const delivery = { id: deliveryOf(event), event: projected.event };
  const received = await receive(world, config, delivery);
  const { job, state, owner, repository } = projected.event;
  if (received.kind === 'ignored') {
    return ignore(world, event, received.reason, { job, repository: `${owner}/${repository}` });
  }
  const reason = `job ${job} is ${state}`;
  world.log({ decision: 'event enqueued', reason, job, repository: `${owner}/${repository}`, delivery: delivery.id });
  return answer(202, { status: 'enqueued', job });
}

/** Two secrets at a time, so that they can be rotated. The comparison takes the same time whatever is wrong. */
async function isSignedWith(secrets: readonly string[], text: string, signature: string | undefined): Promise<boolean> {
  if (signature === undefined || text === '') return false;
  for (const secret of secrets) {
    if (await verifierFor(secret).verify(text, signature)) return true;
  }
  return false;
}

const verifiers = new Map<string, Webhooks>();

function verifierFor(secret: string): Webhooks {
  const verifier = verifiers.get(secret) ?? new Webhooks({ secret });
  verifiers.set(secret, verifier);
  return verifier;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(world: WebhookWorld, event: HttpEvent, statusCode: number, reason: string): HttpAnswer {
  world.log({ decision: 'event refused', reason, status: statusCode, delivery: deliveryOf(event) });
  return answer(statusCode, { status: 'refused', reason });
}

function ignore(
  world: WebhookWorld,
  event: HttpEvent,
  reason: string,
  about: { job?: number; repository?: string } = {},
): HttpAnswer {
  world.log({ decision: 'event ignored', reason, delivery: deliveryOf(event), ...about });
  return answer(202, { status: 'ignored', reason });
}

/** A GUID, by its header; whatever else comes there is cut, since it is logged before it is trusted. */
function deliveryOf(event: HttpEvent): string {
  return (header(event, 'x-github-delivery') ?? 'none').slice(0, 64);
}
