/** The demand queue and its dead-letter queue, behind a real SQS API (fauxqs). */
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_ACCOUNT, LOCAL_CLIENT } from './aws.ts';
import type { SharedTime } from './shared-time.ts';
import { startWorkerServer } from './worker.ts';

/** Numbers of messages: `delayed` ones have not been visible yet. */
export type QueueCounts = { visible: number; inFlight: number; delayed: number; deadLetters: number };

export type LocalQueue = {
  /** Address of the SQS API. */
  endpoint: string;
  queueUrl: string;
  queueArn: string;
  visibilitySeconds: number;
  client: SQSClient;
  send(body: string, delaySeconds?: number): Promise<void>;
  counts(): Promise<QueueCounts>;
  close(): Promise<void>;
};

export type QueueOptions = { time: SharedTime; visibilitySeconds?: number; receivesMax?: number };

/** Lambda docs ask for a visibility time-out of six function time-outs and at least five receives. */
const VISIBILITY_SECONDS = 180;
const RECEIVES_MAX = 5;

export async function startQueue(options: QueueOptions): Promise<LocalQueue> {
  const visibilitySeconds = options.visibilitySeconds ?? VISIBILITY_SECONDS;
  const server = await startWorkerServer('./queue-worker.ts', options.time);
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = new SQSClient({ ...LOCAL_CLIENT, endpoint });
  const deadLetterUrl = await createQueue(client, endpoint, 'demand-dead-letters', {});
  const queueUrl = await createQueue(client, endpoint, 'demand', {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: arnOf('demand-dead-letters'),
      maxReceiveCount: options.receivesMax ?? RECEIVES_MAX,
    }),
  });
  return {
    endpoint,
    queueUrl,
    queueArn: arnOf('demand'),
    visibilitySeconds,
    client,
    send: async (body, DelaySeconds) => {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds }));
    },
    counts: () => counts(client, queueUrl, deadLetterUrl),
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}

/** fauxqs names a host that does not resolve, and takes any. */
async function createQueue(
  client: SQSClient,
  endpoint: string,
  name: string,
  attributes: Record<string, string>,
): Promise<string> {
  await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return `${endpoint}/${LOCAL_ACCOUNT}/${name}`;
}

function arnOf(name: string): string {
  return `arn:aws:sqs:${LOCAL_CLIENT.region}:${LOCAL_ACCOUNT}:${name}`;
}

async function counts(client: SQSClient, queueUrl: string, deadLetterUrl: string): Promise<QueueCounts> {
  const [demand, dead] = await Promise.all([attributes(client, queueUrl), attributes(client, deadLetterUrl)]);
  return {
    visible: Number(demand['ApproximateNumberOfMessages']),
    inFlight: Number(demand['ApproximateNumberOfMessagesNotVisible']),
    delayed: Number(demand['ApproximateNumberOfMessagesDelayed']),
    deadLetters: Number(dead['ApproximateNumberOfMessages']),
  };
}

async function attributes(client: SQSClient, url: string): Promise<Record<string, string>> {
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
  return Attributes ?? {};
}
