/** What AWS does to us: ECS, EC2 Spot, Lambda, SQS, DynamoDB, and the way between a container and the registrar. */
import type { Fault, Targets } from './fault.ts';
import { forHours, nowAndThen, ofEcs, ofKnob } from './fault.ts';

export const awsFaults: Readonly<Record<string, Fault>> = {
  'ecs.runTaskThrottled': ofEcs('throttleRunTask', 'RunTask and StopTask calls throttled', [0.05, 0.6]),
  'ecs.readsThrottled': ofEcs('throttleReads', 'describing and listing calls throttled', [0.05, 0.6]),
  'ecs.denied': ofEcs('accessDenied', 'calls answered AccessDeniedException', [0.01, 0.1]),
  'ecs.500': ofEcs('failBefore', 'calls answered 500, nothing done', [0.01, 0.3]),
  'ecs.lost': ofEcs('failAfter', 'calls done and then answered 500', [0.01, 0.2]),
  'ecs.cut': ofEcs('cutAfter', 'calls done and then cut: the next one is a ConflictException or a replay', [0.01, 0.2]),
  'ecs.cutBefore': ofEcs('cutBefore', 'calls cut, nothing done', [0.01, 0.2]),
  'ecs.conflict': ofEcs(
    'conflictOnReplay',
    'repeated RunTask calls answered ConflictException with the task (needs calls that are repeated)',
    [0.2, 1],
  ),
  'ecs.provisioning': ofEcs('provisioningTasksMax', 'tasks that may wait in PROVISIONING', [1, 10], 'calls'),
  'ecs.failures': ofEcs('runTaskFailures', 'tasks refused in failures[]', [0.01, 0.3]),
  'ecs.listLag': ofEcs('listLagSeconds', 'ListTasks is so old', [5, 120], 'seconds'),
  'ecs.describeLag': ofEcs('describeLagSeconds', 'DescribeTasks does not know new tasks so long', [1, 30], 'seconds'),
  'events.lost': ofEcs('loseEvents', 'task state changes never sent', [0.02, 1]),
  'events.doubled': ofEcs('duplicateEvents', 'task state changes sent twice', [0.05, 1]),
  'events.late': ofEcs('reorderEvents', 'task state changes that arrive after later ones', [0.05, 1]),
  'image.cannotBePulled': ofEcs('cannotPullImage', 'pulls that fail', [0.01, 0.2]),
  'image.broken': forHours(
    'no image can be pulled',
    [0.2, 1.5],
    ({ ecs }) => ecs.setFaults({ cannotPullImage: 1 }),
    ({ ecs }) => ecs.setFaults({ cannotPullImage: 0 }),
  ),
  'instances.none': ofEcs('noCapacity', 'instances that cannot be had', [0.05, 0.6]),
  'instances.outage': forHours(
    'every instance is lost, and none can be had: tasks wait until ECS gives them up (EMPTY CAPACITY PROVIDER)',
    [0.3, 1.5],
    ({ ecs }) => {
      ecs.setFaults({ noCapacity: 1 });
      for (const instance of ecs.instances()) ecs.killInstance(String(instance['ec2InstanceId']));
    },
    ({ ecs }) => ecs.setFaults({ noCapacity: 0 }),
  ),
  'sts.unavailable': ofSts('calls of the registrar that STS does not answer', [0.05, 0.6]),
  'instances.die': nowAndThen('a Spot instance is gone without SIGTERM', [0.05, 1], killOne),
  'instances.warned': nowAndThen('a Spot warning, two minutes ahead', [0.05, 1], warnOne),
  'containers.slow': ofEcs(
    'startSlowSeconds',
    'by which containers take longer at most to come up',
    [5, 120],
    'seconds',
  ),
  'containers.stuckAtBeginning': ofKnob('stuckAtBeginning', 'containers that come up and do nothing', [0.01, 0.2]),
  'containers.stuckAtEnd': ofKnob('stuckAtEnd', 'containers that do not end, whatever they were told', [0.01, 0.2]),
  'lambda.killed': ofKnob('kill', 'environments that die at a call to the outside', [0.0005, 0.01]),
  'lambda.hangs': ofKnob('hang', 'calls to the outside that hang for ten seconds', [0.0005, 0.01]),
  'lambda.allKilled': nowAndThen('all environments die at once', [0.1, 4], ({ killFunctions }) => killFunctions()),
  'queue.doubled': ofKnob('queueDuplicates', 'messages received again although removed', [0.02, 0.5]),
  'storage.fails': ofKnob('storageFails', 'table and queue calls that fail, nothing done', [0.0005, 0.02]),
  'storage.answerLost': ofKnob('storageAnswerLost', 'table and queue calls done, and the answer lost', [0.0005, 0.02]),
  'parameters.unreadable': ofKnob(
    'configurationUnread',
    'invocations that cannot read their configuration',
    [0.02, 0.6],
  ),
  'registrar.requestLost': ofKnob('requestLost', 'requests of containers that never arrive', [0.02, 0.4]),
  'registrar.answerLost': ofKnob('answerLost', 'answers that containers never get', [0.02, 0.4]),
  'registrar.twice': ofKnob('requestTwice', 'requests made twice at once with one ticket', [0.05, 1]),
  'registrar.startedLost': ofKnob('startedLost', 'the word that a job has started never arrives', [0.05, 1]),
  'janitor.overlaps': ofKnob('janitorOverlaps', 'minutes in which two janitors run', [0.05, 1]),
  'janitor.misses': ofKnob('janitorMisses', 'minutes without a janitor', [0.05, 0.6]),
  deployments: {
    ...nowAndThen(
      'a deployment: pools go, come back and have other maxima; old and new configuration live side by side',
      [0.05, 2],
      ({ redeploy }) => redeploy(),
    ),
    end: ({ restore }) => restore(),
  },
};

function ofSts(what: string, range: Fault['range']): Fault {
  const begin = ({ sts }: Targets, value: number) => sts.setUnavailable(value);
  return { what, unit: 'share', range, max: 1, begin, end: ({ sts }) => sts.setUnavailable(0) };
}

function killOne({ ecs, chance }: Targets): void {
  const instance = chance.pick(ecs.instances());
  if (instance !== undefined) ecs.killInstance(String(instance['ec2InstanceId']));
}

function warnOne({ ecs, chance, queue, clock }: Targets): void {
  const id = chance.pick(ecs.instances())?.['ec2InstanceId'];
  if (id === undefined) return;
  const detail = { 'instance-id': id, 'instance-action': 'terminate' };
  const event = { 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', detail };
  queue.deliver(JSON.stringify(event));
  clock.after(120_000, () => ecs.killInstance(String(id)));
}
