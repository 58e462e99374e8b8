import { expect, test } from '@jest/globals';
import { logLink } from '../../lib/core/log-link.ts';

const logGroup = '/ecs-runners/production/pools/default';
const arn = (partition: string, region: string) => `arn:${partition}:ecs:${region}:123456789012:task/runners/0123abcd`;
const place =
  '#logsV2:log-groups/log-group/$252Fecs-runners$252Fproduction$252Fpools$252Fdefault/log-events/runner$252Frunner$252F0123abcd';

test.each<[string, { taskArn?: string; logGroup?: string }, string | undefined]>([
  [
    'in the region and partition of the task',
    { taskArn: arn('aws', 'eu-central-1'), logGroup },
    `https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1${place}`,
  ],
  [
    'in China',
    { taskArn: arn('aws-cn', 'cn-north-1'), logGroup },
    `https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1${place}`,
  ],
  [
    'in GovCloud',
    { taskArn: arn('aws-us-gov', 'us-gov-west-1'), logGroup },
    `https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1${place}`,
  ],
  [
    'by an ARN of the old format, without the cluster',
    { taskArn: 'arn:aws:ecs:us-east-1:123456789012:task/0123abcd', logGroup },
    `https://console.aws.amazon.com/cloudwatch/home?region=us-east-1${place}`,
  ],
  ['where the console is not known', { taskArn: arn('aws-iso', 'us-iso-east-1'), logGroup }, undefined],
  ['before there is a task', { logGroup }, undefined],
  ['without a log group', { taskArn: arn('aws', 'us-east-1') }, undefined],
  ['of what is no task', { taskArn: 'arn:aws:ecs:us-east-1:1:cluster/x', logGroup }, undefined],
])('%s', (_, seat, link) => {
  expect(logLink(seat)).toBe(link);
});
