/** What the deployed functions and the runners have said, as CloudWatch Logs keeps it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Aws, listOf } from './aws.ts';

type Group = { logGroupName: string };
type Event = { timestamp: number; message: string; logStreamName: string };

/** All lines of a group, oldest first. */
export async function linesOf(aws: Aws, group: string): Promise<Event[]> {
  const lines: Event[] = [];
  let nextToken: unknown;
  do {
    const page = await aws.json('logs', 'Logs_20140328.FilterLogEvents', {
      logGroupName: group,
      ...(nextToken !== undefined && { nextToken }),
    });
    lines.push(...listOf<Event>(page, 'events'));
    nextToken = page['nextToken'];
  } while (nextToken !== undefined);
  return lines;
}

/** One file for each group, for those who look into a failure. */
export async function saveLogs(aws: Aws, folder: string): Promise<void> {
  const groups = listOf<Group>(await aws.json('logs', 'Logs_20140328.DescribeLogGroups'), 'logGroups');
  for (const { logGroupName } of groups) {
    const lines = await linesOf(aws, logGroupName);
    const text = lines.map(({ logStreamName, message }) => `${logStreamName}: ${message.trimEnd()}\n`).join('');
    await writeFile(join(folder, `${logGroupName.slice(1).replaceAll('/', '-')}.log`), text);
  }
}
