import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import type { Message } from '../../lib/core/message.ts';
import type { HttpEvent } from '../../lib/handlers/http.ts';
import { webhookHandler } from '../../lib/handlers/webhook.ts';
import type { LogLine } from '../../lib/world.ts';
import { NOW } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';

type Payload = Record<string, unknown> & { action: string; workflow_job: Record<string, unknown> };
const SECRETS = ['the newer secret', '1234567890'];
const examples: { name: string; examples: Payload[] }[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
const [example] = examples.find(({ name }) => name === 'workflow_job')?.examples ?? [];

/** GitHub's own example, sent by an App and re-labelled for our pool. */
function payload(overrides: Record<string, unknown> = {}, job: Record<string, unknown> = {}): Record<string, unknown> {
  const workflow_job = {
    ...example?.workflow_job,
    id: 4711,
    labels: ['self-hosted', 'ecs'],
    runner_name: null,
    ...job,
  };
  return { ...example, action: 'queued', installation: { id: 7, node_id: 'x' }, workflow_job, ...overrides };
}

type Request = { body?: string; secret?: string; headers?: Record<string, string | undefined>; base64?: boolean };

async function request({ body = JSON.stringify(payload()), secret = 'the newer secret', headers, base64 }: Request) {
  const event: HttpEvent = {
    rawPath: '/webhook',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      'x-github-delivery': 'd-1',
      'x-hub-signature-256': body === '' ? 'sha256=00' : await sign(secret, body),
      ...headers,
    },
    body: base64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: base64 ?? false,
  };
  return event;
}

function aWebhook(send?: () => Promise<void>) {
  const sent: { body: Message; group?: string }[] = [];
  const lines: LogLine[] = [];
  const world = {
    clock: { now: () => NOW },
    log: (line: LogLine) => lines.push(line),
    queue: {
      send: send ?? (async (messages: readonly { body: Message; group?: string }[]) => void sent.push(...messages)),
    },
  };
  const config = { prefix: 'sim', pools: { pools: [aPool()] }, webhookSecrets: SECRETS };
  return { sent, lines, world, config, handle: webhookHandler(world, async () => config) };
}

async function answerTo(given: Request) {
  const webhook = aWebhook();
  const answer = await webhook.handle(await request(given));
  return { ...webhook, status: answer.statusCode, text: String(answer.body), body: JSON.parse(String(answer.body)) };
}

const text = (...given: Parameters<typeof payload>) => JSON.stringify(payload(...given));
const unicode = text({}, { name: 'Größe 測試 🚀' });

describe('202, enqueued', () => {
  const rows: [string, Request][] = [
    ['GitHub’s own example', {}],
    ['signed with the older secret, all digits', { secret: '1234567890' }],
    ['a charset in the content type', { headers: { 'content-type': 'application/json; charset=utf-8' } }],
    ['a body that is base64', { base64: true }],
    ['a body that is not ASCII', { body: unicode }],
    ['a body that is not ASCII, in base64', { body: unicode, base64: true }],
    ['a body with escapes', { body: text().replaceAll('/', '\\/').replace('queued', '\\u0071ueued') }],
    ['a body with white space', { body: JSON.stringify(payload(), null, 2) }],
  ];
  test.each(rows)('%s', async (_, given) => {
    const { status, body, sent } = await answerTo(given);
    expect({ status, body }).toEqual({ status: 202, body: { status: 'enqueued', job: 4711 } });
    expect(sent).toHaveLength(1);
  });

  test('header names in any case', async () => {
    const event = await request({});
    const headers = Object.fromEntries(Object.entries(event.headers).map(([key, value]) => [key.toUpperCase(), value]));
    expect(await aWebhook().handle({ ...event, headers })).toMatchObject({ statusCode: 202 });
  });

  test('what is sent is the projection, in the group of its repository', async () => {
    const { sent } = await answerTo({});
    const repository = example?.['repository'] as { full_name: string };
    expect(sent).toMatchObject([
      { group: repository.full_name, body: { kind: 'job', delivery: 'd-1', receivedAt: NOW } },
    ]);
    const message = sent[0]?.body;
    expect(message?.kind === 'job' && Object.keys(message.event).sort()).toEqual(
      [
        'attempt',
        'createdAt',
        'installation',
        'job',
        'labels',
        'name',
        'owner',
        'ownerIsUser',
        'repository',
        'run',
        'state',
      ].sort(),
    );
  });
});

describe('202, ignored', () => {
  const { installation: _, ...withoutInstallation } = payload();
  const rows: [string, Request, RegExp][] = [
    ['ping', { body: '{"zen":"x"}', headers: { 'x-github-event': 'ping' } }, /"ping" asks for nothing/],
    ['another event', { body: '{}', headers: { 'x-github-event': 'push' } }, /"push" asks for nothing/],
    ['waiting', { body: text({ action: 'waiting' }) }, /"waiting" asks for nothing/],
    ['an action that objects inherit', { body: text({ action: 'toString' }) }, /"toString" asks for nothing/],
    ['no installation', { body: JSON.stringify(withoutInstallation) }, /no installation/],
    ['no pool', { body: text({}, { labels: ['gpu'] }) }, /no pool has the label "gpu"/],
    ['no labels', { body: text({}, { labels: [] }) }, /names no labels/],
  ];
  test.each(rows)('%s', async (_, given, reason) => {
    const { status, body, sent } = await answerTo(given);
    expect({ status, body }).toEqual({
      status: 202,
      body: { status: 'ignored', reason: expect.stringMatching(reason) },
    });
    expect(sent).toEqual([]);
  });
});

describe('refused', () => {
  const sha1 = `sha1=${createHmac('sha1', 'the newer secret').update(text()).digest('hex')}`;
  const rows: [string, Request, number][] = [
    ['no signature', { headers: { 'x-hub-signature-256': undefined } }, 401],
    ['a wrong signature', { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } }, 401],
    ['another secret', { secret: 'guessed' }, 401],
    ['SHA-1 only', { headers: { 'x-hub-signature-256': undefined, 'x-hub-signature': sha1 } }, 401],
    ['SHA-1 in the place of SHA-256', { headers: { 'x-hub-signature-256': sha1 } }, 401],
    ['an empty body', { body: '' }, 401],
    ['no JSON', { body: '{' }, 400],
    ['a JSON array', { body: '[]' }, 400],
    ['a JSON array under another event’s name', { body: '[]', headers: { 'x-github-event': 'push' } }, 400],
    ['a JSON number', { body: '5' }, 400],
    ['a JSON string', { body: '"x"' }, 400],
    ['null', { body: 'null' }, 400],
    ['no name of the event', { headers: { 'x-github-event': undefined } }, 400],
    ['workflow_job without workflow_job', { body: '{"action":"queued"}' }, 400],
    ['more than 6 MB', { body: text({ more: 'x'.repeat(6 * 1024 * 1024) }) }, 413],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['plain text', { headers: { 'content-type': 'text/plain' } }, 415],
    ['no content type', { headers: { 'content-type': undefined } }, 415],
    ['a longer content type', { headers: { 'content-type': 'application/jsonp' } }, 415],
  ];
  test.each(rows)('%s: %#', async (_, given, expected) => {
    const { status, body, sent, lines, text: said } = await answerTo(given);
    expect({ status, kind: body.status, sent }).toEqual({ status: expected, kind: 'refused', sent: [] });
    const event = await request(given);
    const signed = [await sign('the newer secret', given.body || text()), event.headers['x-hub-signature-256'], sha1];
    for (const hidden of [...SECRETS, ...signed.filter((one) => one !== undefined).map((one) => one.split('=')[1])]) {
      expect(said + JSON.stringify(lines)).not.toContain(hidden);
    }
  });
});

describe('when we fail, GitHub hears so', () => {
  test('a queue that fails', async () => {
    const { handle } = aWebhook(() => Promise.reject(new Error('SQS is down')));
    await expect(handle(await request({}))).rejects.toThrow('SQS is down');
  });

  test('a configuration that cannot be read, which is not remembered', async () => {
    const { world, config, sent } = aWebhook();
    const answers = [Promise.reject(new Error('SSM is down')), Promise.resolve(config)];
    const handle = webhookHandler(world, () => answers.shift() ?? Promise.resolve(config));
    await expect(handle(await request({}))).rejects.toThrow('SSM is down');
    expect(await handle(await request({}))).toMatchObject({ statusCode: 202 });
    expect(sent).toHaveLength(1);
  });
});
