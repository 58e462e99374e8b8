/** `npx serverless`, against the emulator, and what its stack is like afterwards. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Aws, elements, listOf, REGION, ROOT } from './aws.ts';
import { type Ended, ended } from './command.ts';

export const STAGE = 'e2e';
export const DEPLOYMENT = `ecs-runners-${STAGE}`;
export const CLUSTER = 'e2e';
export const PARAMETERS_PATH = `/ecs-runners/${STAGE}`;
/** A deploy takes some ten seconds; one that hangs is known by this. */
const DEPLOY_SECONDS_MAX = 180;

const root = fileURLToPath(new URL('../..', import.meta.url));

export type Serverless = (command: 'deploy' | 'remove', parameters: Record<string, string>) => Promise<Ended>;

/** With the parameters of the deployment that never change. */
export function serverlessAt(endpoint: string, fixed: Record<string, string>): Serverless {
  return (command, parameters) => {
    const all = { cluster: CLUSTER, ...fixed, ...parameters };
    const options = Object.entries(all).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
    return ended(join(root, 'node_modules/.bin/serverless'), [command, '--stage', STAGE, '--verbose', ...options], {
      cwd: root,
      environment: {
        AWS_ENDPOINT_URL: endpoint,
        ...ROOT,
        AWS_REGION: REGION,
        AWS_PROFILE: undefined,
        AWS_SESSION_TOKEN: undefined,
      },
      secondsMax: DEPLOY_SECONDS_MAX,
    });
  };
}

/** The logical id of each resource with its definition, from the template that the stack has. */
export async function definitionsOf(aws: Aws): Promise<Record<string, unknown>> {
  const xml = await aws.query('cloudformation', 'GetTemplate', { StackName: DEPLOYMENT });
  const [body = ''] = elements(xml, 'TemplateBody');
  return (JSON.parse(unescaped(body)) as { Resources: Record<string, unknown> }).Resources;
}

/** The logical id of each resource with its physical one. */
export async function resourcesOf(aws: Aws): Promise<Record<string, string>> {
  const xml = await aws.query('cloudformation', 'DescribeStackResources', { StackName: DEPLOYMENT });
  const physical = elements(xml, 'PhysicalResourceId').map(unescaped);
  return Object.fromEntries(elements(xml, 'LogicalResourceId').map((id, index) => [id, physical[index] ?? '']));
}

export async function statusOf(aws: Aws): Promise<string> {
  return (
    elements(await aws.query('cloudformation', 'DescribeStacks', { StackName: DEPLOYMENT }), 'StackStatus')[0] ?? ''
  );
}

/** What the functions are made of: when that has not changed, no function has been touched. */
export async function functionsOf(aws: Aws): Promise<Record<string, string>> {
  const { Functions } = (await aws.rest('lambda', '/2015-03-31/functions/')) as {
    Functions: { FunctionName: string; CodeSha256: string; Environment?: unknown }[];
  };
  return Object.fromEntries(
    Functions.map((one) => [one.FunctionName, `${one.CodeSha256} ${JSON.stringify(one.Environment)}`]),
  );
}

export async function apiIdOf(aws: Aws): Promise<string> {
  const items = listOf<{ Name?: string; name?: string; ApiId?: string; apiId?: string }>(
    lowered(await aws.rest('apigateway', '/v2/apis')),
    'items',
  );
  const api = items.find((one) => (one.Name ?? one.name) === DEPLOYMENT);
  const id = api?.ApiId ?? api?.apiId;
  if (id === undefined) throw new Error('the deployed stack has no HTTP API');
  return id;
}

/** Whatever a deployment of ours could have left in the account, by kind and name; the operator's own is not in it. */
export async function leftovers(aws: Aws): Promise<string[]> {
  const json = async (service: string, target: string, key: string, body?: unknown) =>
    listOf<unknown>(await aws.json(service, target, body), key).map((one) => `${target}: ${JSON.stringify(one)}`);
  const query = async (service: string, action: string, element: string, parameters?: Record<string, string>) =>
    elements(await aws.query(service, action, parameters), element).map((name) => `${action}: ${name}`);
  const found = await Promise.all([
    json('sqs', 'AmazonSQS.ListQueues', 'QueueUrls'),
    json('dynamodb', 'DynamoDB_20120810.ListTables', 'TableNames'),
    json('logs', 'Logs_20140328.DescribeLogGroups', 'logGroups'),
    json('events', 'AWSEvents.ListRules', 'Rules'),
    json('ssm', 'AmazonSSM.DescribeParameters', 'Parameters'),
    json('ecs', 'AmazonEC2ContainerServiceV20141113.ListTaskDefinitions', 'taskDefinitionArns'),
    json('ecs', 'AmazonEC2ContainerServiceV20141113.ListTasks', 'taskArns', { cluster: CLUSTER }),
    json('monitoring', 'GraniteServiceVersion20100801.DescribeAlarms', 'MetricAlarms'),
    json('monitoring', 'GraniteServiceVersion20100801.ListDashboards', 'DashboardEntries'),
    query('iam', 'ListRoles', 'RoleName'),
    query('iam', 'ListPolicies', 'PolicyName', { Scope: 'Local' }),
    query('cloudformation', 'DescribeStacks', 'StackName'),
    elements(await aws.text('s3', '/'), 'Name').map((name) => `bucket: ${name}`),
    query('ec2', 'DescribeVpcs', 'vpcId'),
    Object.keys(await functionsOf(aws)),
    listOf(lowered(await aws.rest('apigateway', '/v2/apis')), 'items').map((one) => `api: ${JSON.stringify(one)}`),
  ]);
  return found.flat().filter((line) => line.includes('ecs-runners') && !OPERATORS.some((name) => line.includes(name)));
}

/** Made by hand before the first deploy, and not the stack's to delete. */
const OPERATORS = ['github-app', 'webhook-secrets', 'ticket-secrets'].map((name) => `${PARAMETERS_PATH}/${name}`);

function lowered(answer: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key.toLowerCase(), value]));
}

function unescaped(text: string): string {
  const letters: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#x27;': "'",
    '&#39;': "'",
    '&apos;': "'",
  };
  return text
    .replaceAll(/&(lt|gt|quot|apos|#x27|#39);/g, (entity) => letters[entity] ?? entity)
    .replaceAll('&amp;', '&');
}
