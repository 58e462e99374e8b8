/** A CloudFormation that does to a stack of ours what the real one does, in the order in which the real one does it. */
import type { GuardedGroup } from '../../lib/core/guard.ts';
import { guardHandler } from '../../lib/handlers/guard.ts';
import type { Capacity, LogLine, StackAnswer } from '../../lib/world.ts';
import { CLUSTER } from './ecs-simulated.ts';
import { type CapacityWorld, LARGE, SMALL } from './guarded-capacity.ts';

export const STACK = 'arn:aws:cloudformation:us-east-1:123456789012:stack/ecs-runners-test/0a1b2c3d';
export const ANSWER_URL = 'https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x?Signature=secret';

export type Properties = { Cluster: string; Prefix: string; Groups: GroupProperties[]; Mode: string };
type GroupProperties = { CapacityProvider: string; AutoScalingGroup: string };

export function propertiesOf(groups: readonly GuardedGroup[], overrides: Partial<Properties> = {}): Properties {
  const Groups = groups.map(({ autoScalingGroup, capacityProvider }) => ({
    CapacityProvider: capacityProvider,
    AutoScalingGroup: autoScalingGroup,
  }));
  return { Cluster: CLUSTER, Prefix: 'gha', Groups, Mode: 'launch', ...overrides };
}

/** CloudFormation docs, "Custom resource request objects". */
export function aRequest(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    RequestType: 'Create',
    ResponseURL: ANSWER_URL,
    StackId: STACK,
    RequestId: 'request-1',
    ResourceType: 'Custom::RemovalGuard',
    LogicalResourceId: 'RemovalGuard',
    ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:guard',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:…', ...propertiesOf([SMALL, LARGE]) },
    ...overrides,
  };
}

export type Asked = { answers: StackAnswer[]; urls: string[]; lines: LogLine[] };

/** The handler with everything that it says. `leftMs`: what Lambda leaves it. */
export function aGuard(capacityFor: (milliseconds: number) => Capacity, leftMs = 120_000) {
  const said: Asked = { answers: [], urls: [], lines: [] };
  const handler = guardHandler({
    capacityFor,
    cloudFormation: {
      answer: async (url, answer) => {
        said.urls.push(url);
        said.answers.push(answer);
      },
    },
    log: (line) => said.lines.push(line),
  });
  const ask = async (event: Record<string, unknown>): Promise<StackAnswer> => {
    await handler(event, { getRemainingTimeInMillis: () => leftMs });
    const answer = said.answers.at(-1);
    if (answer === undefined) throw new Error('the guard did not answer');
    return answer;
  };
  return { ask, said };
}

export type Result = { status: string; reason: string };

/** `world` has the groups of the stack; what is deleted is deleted there. */
export function aStack(world: CapacityWorld, capacity: Capacity) {
  const { ask } = aGuard(() => capacity);
  let properties = propertiesOf([SMALL, LARGE]);
  let physicalId: string | undefined;

  const request = (RequestType: string, now: Properties, before?: Properties) =>
    ask(
      aRequest({
        RequestType,
        ResourceProperties: now,
        ...(before && { OldResourceProperties: before }),
        ...(physicalId && { PhysicalResourceId: physicalId }),
      }),
    );

  return {
    async create(): Promise<Result> {
      const { PhysicalResourceId, Reason, Status } = await request('Create', properties);
      physicalId = PhysicalResourceId;
      return { status: Status === 'SUCCESS' ? 'CREATE_COMPLETE' : 'CREATE_FAILED', reason: Reason };
    },

    /** New properties first, deletions last; a refusal is followed by the same update backwards. */
    async update(groups: readonly GuardedGroup[], failsLater = false): Promise<Result> {
      const before = properties;
      const now = propertiesOf(groups);
      const { Reason, Status } = await request('Update', now, before);
      if (Status === 'FAILED' || failsLater) {
        const back = await request('Update', before, now);
        return {
          status: back.Status === 'SUCCESS' ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_FAILED',
          reason: Reason,
        };
      }
      properties = now;
      const names = new Set(groups.map(({ autoScalingGroup }) => autoScalingGroup));
      const going = before.Groups.map(({ AutoScalingGroup }) => AutoScalingGroup).filter((name) => !names.has(name));
      return deleted(going, 'UPDATE_COMPLETE');
    },

    async remove(): Promise<Result> {
      const { Reason, Status } = await request('Delete', properties);
      if (Status === 'FAILED') return { status: 'DELETE_FAILED', reason: Reason };
      return deleted(
        properties.Groups.map(({ AutoScalingGroup }) => AutoScalingGroup),
        'DELETE_COMPLETE',
      );
    },

    /** As if there were no guard. */
    removeUnguarded: async (): Promise<Result> =>
      deleted(
        properties.Groups.map(({ AutoScalingGroup }) => AutoScalingGroup),
        'DELETE_COMPLETE',
      ),
  };

  function deleted(names: readonly string[], status: string): Result {
    const stuck = names.filter((name) => world.autoScaling.deleteGroup(name) === 'stuck');
    if (stuck.length === 0) return { status, reason: '' };
    return { status: 'STUCK', reason: `${stuck.join(', ')} did not stabilize` };
  }
}
