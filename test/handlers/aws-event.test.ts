/** What an event of ECS says of a task that has ended. */
import { expect, test } from '@jest/globals';
import { parseAwsEvent } from '../../lib/handlers/aws-event.ts';

const eventOf = (container: { exitCode?: number }) =>
  parseAwsEvent({
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    detail: {
      lastStatus: 'STOPPED',
      taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/runners/0123',
      stopCode: 'TerminationNotice',
      containers: [container],
    },
  });

test('its instance went under it only where its container has no exit code', () => {
  expect(eventOf({})).toMatchObject({ message: { lost: true } });
  expect(eventOf({ exitCode: 0 })).toMatchObject({ message: { exitCode: 0 } });
  expect(eventOf({ exitCode: 0 })).not.toHaveProperty('message.lost');
});
