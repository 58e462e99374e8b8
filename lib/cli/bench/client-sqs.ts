/** What one client of the AWS SDK costs, and nothing else: to compare with. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const client = new SQSClient({});

export const handler = (input: { QueueUrl: string; MessageBody: string }): Promise<unknown> =>
  client.send(new SendMessageCommand(input));
