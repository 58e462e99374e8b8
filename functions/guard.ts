import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import { guardHandler } from '../lib/handlers/guard.ts';
import { readSettings } from '../lib/handlers/settings.ts';
import { createCapacity } from '../lib/live/capacity.ts';
import { clientSettings } from '../lib/live/clients.ts';
import { createCloudFormation } from '../lib/live/cloudformation.ts';
import { createLog } from '../lib/live/log.ts';

const { AWS_REGION: region } = readSettings(process.env, ['AWS_REGION']);
const client = { ...clientSettings({ region }), maxAttempts: 4 };
const ecs = new ECSClient(client);
const autoScaling = new AutoScalingClient(client);

export const handler = guardHandler({
  capacityFor: (milliseconds) => createCapacity({ ecs, autoScaling, signal: AbortSignal.timeout(milliseconds) }),
  cloudFormation: createCloudFormation(),
  log: createLog({ service: 'guard' }),
});
