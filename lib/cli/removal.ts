/**
 * What `serverless remove` asks before it begins. The guard in the stack would refuse as well; but once CloudFormation has
 * begun to remove a stack and failed, it takes no update of it any more (CloudFormation docs, stack status DELETE_FAILED).
 */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { ECSClient } from '@aws-sdk/client-ecs';
import { whyStackStays } from '../core/guard.ts';
import { createCapacity } from '../live/capacity.ts';

export type RemovalSettings = {
  /** The stack's name. */
  deployment: string;
  /** Name of the cluster in which its runners are. */
  cluster: string;
  launches: boolean;
  /** Region, credentials and whatever else the framework's own clients have. */
  client: CloudFormationClientConfig;
};

/** The stack's output that says how its runners' names begin. */
export const PREFIX_OUTPUT = 'RunnerPrefix';

const LOOK_MS_MAX = 60_000;

/** `busy`: runners live, and the reason says who and what to do. `unknown`: it cannot be seen, and the guard decides. */
export async function mayRemove(
  settings: RemovalSettings,
): Promise<{ kind: 'clear' } | { kind: 'busy' | 'unknown'; reason: string }> {
  const { cluster, launches, client } = settings;
  const prefix = await prefixOf(settings);
  if (prefix.kind !== 'known') return prefix;
  const capacity = createCapacity({
    ecs: new ECSClient(client as object),
    autoScaling: new AutoScalingClient(client as object),
    signal: AbortSignal.timeout(LOOK_MS_MAX),
  });
  const tasks = await capacity.livingTasks(cluster);
  if (tasks.kind === 'gone') return { kind: 'clear' };
  if (tasks.kind !== 'ok') return { kind: 'unknown', reason: tasks.reason };
  const seen = { prefix: prefix.value, tasks: tasks.value, capacityProviders: [], instances: [] };
  const reason = whyStackStays(seen, launches);
  return reason === undefined ? { kind: 'clear' } : { kind: 'busy', reason };
}

/** A stack that is not there has nothing to lose. */
async function prefixOf({
  deployment,
  client,
}: RemovalSettings): Promise<
  { kind: 'known'; value: string } | { kind: 'clear' } | { kind: 'unknown'; reason: string }
> {
  try {
    const { Stacks } = await new CloudFormationClient(client).send(
      new DescribeStacksCommand({ StackName: deployment }),
    );
    const output = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === PREFIX_OUTPUT);
    if (output?.OutputValue !== undefined) return { kind: 'known', value: output.OutputValue };
    return { kind: 'unknown', reason: `the stack ${deployment} has no output ${PREFIX_OUTPUT}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return /does not exist/.test(reason) ? { kind: 'clear' } : { kind: 'unknown', reason };
  }
}
