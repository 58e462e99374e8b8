/** The container as a whole: its processes, the signals that it gets, and what it tells the registrar. */
import { signature } from '../../../lib/sim/signature.ts';
import { holds, type Step, same } from '../steps.ts';
import { until } from '../until.ts';
import { secretOf, tokenOf } from './credentials.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** ECS gives a container 120 s; a listener without a job needs none of it. */
const IDLE_STOP_SECONDS_MAX = 15;

export function processSteps({ tasks }: Stage): Step[] {
  const job = async () => {
    const task = await tasks.start('none');
    await task.startJob();
    return task;
  };
  return [
    {
      name: 'processes that nobody waits for are buried',
      run: async () => {
        const task = await job();
        await task.output('for i in $(seq 50); do (setsid sleep 1000 > /dev/null 2>&1 &); done');
        // From inside: a process that has ended is in no control group any more, by which the engine knows them.
        const count = async (script: string) => Number(await task.output(`ps -eo stat=,args= | { ${script} || :; }`));
        await until('50 orphans are there', 20, async () => (await count('grep -c "sleep 1000$"')) === 50);
        await task.output('pkill -x sleep');
        await until('they have ended', 20, async () => (await count('grep -c "sleep 1000$"')) === 0);
        await until('somebody has waited for each', 5, async () => (await count('grep -c "^Z"')) === 0);
        await task.finish();
      },
    },
    {
      name: 'told to stop while it is idle, it ends soon and says so',
      run: async () => {
        const task = await tasks.start('none');
        await task.connected();
        const startedAt = performance.now();
        await task.stop();
        same('exit code', await task.ended(1), 3);
        holds('within seconds', performance.now() - startedAt < IDLE_STOP_SECONDS_MAX * 1000);
        holds(
          'it said that it leaves',
          task.runner.calls.some(({ body }) => typeof body['leaving'] === 'string'),
        );
      },
    },
    {
      name: 'told to stop during a job, it lets the job finish',
      run: async () => {
        const task = await job();
        const stopped = task.stop();
        await task.output('sleep 5');
        await task.finish();
        await stopped;
        same('exit code', await task.ended(1), 0);
      },
    },
    {
      name: 'it proves by a signature of its task’s role that it is this runner',
      run: async () => {
        const task = await job();
        holds('the proof is good', isProof(task, task.runner.calls[0]?.body['identity']));
        await task.finish();
      },
    },
    {
      name: 'the registrar hears which job has started',
      run: async () => {
        const task = await job();
        const started = () => task.runner.calls.filter(({ what }) => what === 'started').at(-1)?.body;
        await until('it hears', 20, () => started()?.['repository'] !== undefined);
        same('the job', started(), { repository: 'octo-org/repository', runId: 4711, runAttempt: 2, job: 'test' });
        await task.finish();
      },
    },
  ];
}

/** As STS would look at it. */
function isProof({ name, credentials }: Task, identity: unknown): boolean {
  const { authorization = '', ...proof } = (identity ?? {}) as Record<string, string>;
  const [, accessKeyId = '', names = '', signed] =
    /Credential=(\w+)\/[^,]+, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(authorization) ?? [];
  const given = {
    ...proof,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-ecs-runners-name': name,
  };
  const headers = Object.fromEntries(
    names.split(';').map((header) => [header, (given as Record<string, string>)[header] ?? '']),
  );
  const scope = { date: proof['x-amz-date'] ?? '', region: 'eu-central-1', service: 'sts' };
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  return (
    accessKeyId.startsWith(credentials.key) &&
    proof['host'] === 'sts.eu-central-1.amazonaws.com' &&
    proof['x-amz-security-token'] === tokenOf(accessKeyId) &&
    ['host', 'x-amz-date', 'x-amz-security-token', 'x-ecs-runners-name'].every((header) => header in headers) &&
    signed === signature(secretOf(accessKeyId), scope, { headers, body })
  );
}
