import { SQSClient } from '@aws-sdk/client-sqs';
import { poolParameters } from '../lib/handlers/configuration.ts';
import { WEBHOOK_PARAMETERS, webhookConfig } from '../lib/handlers/read-config.ts';
import { endpointOf, readSettings, WEBHOOK_SETTINGS } from '../lib/handlers/settings.ts';
import { webhookHandler } from '../lib/handlers/webhook.ts';
import { clientSettings } from '../lib/live/clients.ts';
import { defaultProvider } from '../lib/live/lambda-credentials.ts';
import { createLog } from '../lib/live/log.ts';
import { createGetParameters } from '../lib/live/parameter-store.ts';
import { readParameters } from '../lib/live/parameters.ts';
import { createQueue } from '../lib/live/queue.ts';

const settings = readSettings(process.env, WEBHOOK_SETTINGS);
const client = clientSettings({ region: settings.AWS_REGION });
const log = createLog({ service: 'webhook', deployment: settings.DEPLOYMENT });
const clock = { now: () => Date.now() };
const queue = createQueue({ client: new SQSClient({ ...client, maxAttempts: 3 }), url: settings.QUEUE_URL });
const parameters = readParameters({
  getParameters: createGetParameters({
    region: settings.AWS_REGION,
    credentials: defaultProvider(),
    endpoint: endpointOf('SSM', process.env),
  }),
  path: settings.PARAMETERS_PATH,
  names: WEBHOOK_PARAMETERS,
  further: poolParameters,
  clock,
  log,
});

export const handler = webhookHandler({ queue, clock, log }, webhookConfig(parameters, settings.PREFIX));
