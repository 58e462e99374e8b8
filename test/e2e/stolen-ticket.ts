/** Somebody who may describe tasks and has credentials of their own asks for the registrations of others' runners. */
import { identityHeaders } from '../../lib/sim/container-identity.ts';
import { elements, listOf, pause, REGION } from './aws.ts';
import { CLUSTER } from './deployment.ts';
import type { Stage } from './stage.ts';
import { holds, same } from './steps.ts';

const ECS = 'AmazonEC2ContainerServiceV20141113';
const ROLE = 'arn:aws:iam::000000000000:role/somebody';

type Task = {
  taskArn: string;
  overrides: { containerOverrides: { environment: { name: string; value: string }[] }[] };
};
type Thief = { stop: () => Promise<{ proof: boolean; status: number }[]> };

/** From now on, until it is stopped: for each task that ECS shows, without any proof, and with one of another role. */
export async function startThief(stage: Stage): Promise<Thief> {
  const trust = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await stage.aws.query('iam', 'CreateRole', { RoleName: 'somebody', AssumeRolePolicyDocument });
  const answers: { proof: boolean; status: number }[] = [];
  let isOver = false;
  const stealing = (async () => {
    while (!isOver) {
      for (const task of await tasksOf(stage)) answers.push(...(await steal(stage, task)));
      await pause(0.2);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await stealing;
      await stage.aws.query('iam', 'DeleteRole', { RoleName: 'somebody' });
      return answers;
    },
  };
}

/** It tried, and was told nothing each time. */
export function sameAsNothing(answers: { proof: boolean; status: number }[]): void {
  for (const proof of [false, true]) {
    const statuses = answers.filter((answer) => answer.proof === proof).map(({ status }) => status);
    holds(`it tried ${proof ? 'with' : 'without'} a proof (${statuses.length} times)`, statuses.includes(403));
    same('other answers than that it is not the task, or that the runner is gone', statuses.filter(isOther), []);
  }
}

function isOther(status: number): boolean {
  return status !== 403 && status !== 410;
}

async function tasksOf({ aws }: Stage): Promise<Task[]> {
  const arns = listOf<string>(await aws.json('ecs', `${ECS}.ListTasks`, { cluster: CLUSTER }), 'taskArns');
  if (arns.length === 0) return [];
  return listOf<Task>(await aws.json('ecs', `${ECS}.DescribeTasks`, { cluster: CLUSTER, tasks: arns }), 'tasks');
}

async function steal(stage: Stage, task: Task): Promise<{ proof: boolean; status: number }[]> {
  const pairs = task.overrides.containerOverrides.flatMap(({ environment }) => environment);
  const of = (wanted: string) => pairs.find(({ name }) => name === wanted)?.value ?? '';
  const [runner, ticket] = [of('ECS_RUNNERS_NAME'), of('ECS_RUNNERS_TICKET')];
  const ask = async (body: unknown) => {
    const answer = await fetch(`${stage.door.localUrl}/runners/${runner}/registration`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.status;
  };
  const identity = identityHeaders(await sessionFor(stage, task), { runner, now: Date.now(), region: REGION });
  return [
    { proof: false, status: await ask({}) },
    { proof: true, status: await ask({ identity }) },
  ];
}

/** Of a role of theirs, with the task's id as the session's name. */
async function sessionFor({ aws }: Stage, { taskArn }: Task) {
  const RoleSessionName = taskArn.slice(taskArn.lastIndexOf('/') + 1);
  const xml = await aws.query('sts', 'AssumeRole', { RoleArn: ROLE, RoleSessionName });
  const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
  ].map((name) => elements(xml, name)[0]);
  return { accessKeyId, secretAccessKey, sessionToken };
}
