/** Webhook events as GitHub sends them, made from its own example payload: some 9 kB each. */
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import type { PoolTexts } from '../../handlers/configuration.ts';
import type { HttpEvent } from '../../handlers/http.ts';

export type WebhookCase = 'matched' | 'ignored' | 'wrong signature';
export type WebhookInput = { event: HttpEvent; secret: string; pools: PoolTexts; expected: string };

const SECRET = 'a-webhook-secret-as-long-as-they-are-made';
const LABELS = ['self-hosted', 'linux', 'x64', 'ecs'];

/** `expected` is the `status` of the answer. Ignored are most events of an organisation: jobs that GitHub itself runs. */
export function webhookInputs(): Record<WebhookCase, WebhookInput> {
  const matched = body(LABELS);
  const common = { secret: SECRET, pools: POOLS };
  return {
    matched: { ...common, event: httpEvent(matched, SECRET), expected: 'enqueued' },
    ignored: { ...common, event: httpEvent(body(['ubuntu-latest']), SECRET), expected: 'ignored' },
    'wrong signature': { ...common, event: httpEvent(matched, 'another secret'), expected: 'refused' },
  };
}

const POOLS: PoolTexts = {
  pools: JSON.stringify({ pools: ['default'] }),
  'pools/default': JSON.stringify({
    name: 'default',
    labels: LABELS,
    docker: 'dind',
    max: 100,
    repositories: [],
    register: 'organization',
    group: 'Default',
    warm: 0,
    idleSecondsMax: 60,
    taskDefinition: 'bench-default:1',
  }),
};

type Example = { name: string; examples: { action?: string; workflow_job?: object; installation?: object }[] };

/** The usual size: jobs with some steps, in a repository with all its addresses. */
const PAYLOAD_BYTES = 9_000;

function body(labels: readonly string[]): string {
  const all: Example[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
  const events = all.find(({ name }) => name === 'workflow_job')?.examples ?? [];
  const ofApps = events.filter(({ installation }) => installation !== undefined);
  const texts = ofApps.map((event) => JSON.stringify({ ...event, workflow_job: { ...event.workflow_job, labels } }));
  const [nearest] = texts.toSorted((one, other) => distance(one) - distance(other));
  if (nearest === undefined) throw new Error('@octokit/webhooks-examples has no workflow_job of an App');
  return nearest;
}

function distance(text: string): number {
  return Math.abs(Buffer.byteLength(text) - PAYLOAD_BYTES);
}

/** Headers as API Gateway hands them over. */
function httpEvent(text: string, secret: string): HttpEvent {
  return {
    rawPath: '/webhook',
    headers: {
      accept: '*/*',
      'content-length': String(Buffer.byteLength(text)),
      'content-type': 'application/json',
      host: 'api.example.org',
      'user-agent': 'GitHub-Hookshot/0d3d6f1',
      'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': 'workflow_job',
      'x-github-hook-id': '292430182',
      'x-github-hook-installation-target-id': '79929171',
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature': `sha1=${createHmac('sha1', secret).update(text).digest('hex')}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`,
    },
    body: text,
    isBase64Encoded: false,
  };
}
