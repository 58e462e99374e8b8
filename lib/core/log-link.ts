/** Where a person reads what a runner's container has said: its log stream in CloudWatch's console. */

/** The console by the partition of the ARN (AWS docs, "Managing AWS Regions"); of others no link is known. */
const CONSOLES: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

/** The task definition's stream prefix and the container's name, in this order (AWS docs, "awslogs log driver"). */
const STREAM_BEGIN = 'runner/runner/';

/** `undefined` while there is no task, without a log group, and where the console's address is not known. */
export function logLink({ taskArn, logGroup }: { taskArn?: string; logGroup?: string }): string | undefined {
  const [, partition = '', region = '', task = ''] =
    /^arn:([^:]+):ecs:([^:]+):[^:]*:task\/.*?([^/]+)$/.exec(taskArn ?? '') ?? [];
  const console = Object.hasOwn(CONSOLES, partition) ? CONSOLES[partition] : undefined;
  if (console === undefined || logGroup === undefined) return undefined;
  const place = `log-groups/log-group/${encoded(logGroup)}/log-events/${encoded(STREAM_BEGIN + task)}`;
  return `https://${console}/cloudwatch/home?region=${region}#logsV2:${place}`;
}

/** The console decodes what follows the # twice, and takes $ for %. */
function encoded(name: string): string {
  return encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
}
