/** What breaks under a runner, when, and how its task has to end; groups of it may break at the same time. */
import { holds, same } from '../steps.ts';
import { until } from '../until.ts';
import { cutOff } from './cut-off.ts';
import { type RunnerProgram, signalTo } from './processes.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

type Meanwhile = (task: Task, stage: Stage) => Promise<void>;
export type Failure = {
  name: string;
  /** Its pool, unless that is `dind`. */
  pool?: string;
  /** Instead of the image's dockerd. */
  dockerd?: 'dies' | 'hangs';
  /** The registrar asks to wait, again and again. */
  waits?: boolean;
  /** So many times the ECS agent has no credentials yet. */
  notReady?: number;
  meanwhile?: Meanwhile;
  exitCode: number;
  says: string;
  /** What the registrar hears of it, so that it removes the registration. */
  leaving?: string;
  secondsMax: number;
};

export const FAILURES: Failure[][] = [
  [
    {
      name: 'a network that never leads to the registrar',
      waits: true,
      meanwhile: async (task, stage) => cutOff(task, stage),
      exitCode: 2,
      says: 'no registration within 5 minutes; the last answer: no answer',
      secondsMax: 400,
    },
  ],
  [
    {
      name: 'a daemon that dies at once',
      dockerd: 'dies',
      exitCode: 4,
      says: 'the Docker daemon has died (exit code 1)',
      secondsMax: 20,
    },
    {
      name: 'a proxy that dies before the daemon is up',
      dockerd: 'hangs',
      meanwhile: async (task, stage) => signalTo(stage.instance, task.id, 'proxy', 'SIGKILL'),
      exitCode: 4,
      says: 'the Docker proxy has died',
      secondsMax: 20,
    },
    {
      name: 'a daemon that never answers',
      dockerd: 'hangs',
      exitCode: 4,
      says: 'Docker does not answer within 60 s',
      secondsMax: 100,
    },
  ],
  [
    {
      name: 'a daemon that dies before the registration',
      waits: true,
      meanwhile: killed('daemon'),
      exitCode: 4,
      says: 'the Docker daemon has died (SIGKILL)',
      secondsMax: 20,
    },
    {
      name: 'a proxy that dies before the registration',
      waits: true,
      meanwhile: killed('proxy'),
      exitCode: 4,
      says: 'the Docker proxy has died',
      secondsMax: 20,
    },
    {
      name: 'a network that comes back before the registration',
      waits: true,
      meanwhile: async (task, stage) => {
        await cutOff(task, stage, 20);
        task.runner.answer = () => undefined;
        await task.startJob();
        await task.finish();
      },
      exitCode: 0,
      says: 'after its job',
      secondsMax: 20,
    },
    {
      name: 'a daemon that dies while the runner is idle',
      meanwhile: killedIdle('daemon'),
      exitCode: 4,
      says: 'the Docker daemon has died (SIGKILL)',
      leaving: 'Docker died before a job came',
      secondsMax: 30,
    },
    {
      name: 'a proxy that dies while the runner is idle',
      meanwhile: killedIdle('proxy'),
      exitCode: 4,
      says: 'the Docker proxy has died',
      leaving: 'Docker died before a job came',
      secondsMax: 30,
    },
    {
      name: 'a listener that dies while it is idle',
      meanwhile: killedIdle('listener'),
      exitCode: 3,
      says: 'the listener was killed without a job',
      leaving: 'its listener was killed without a job',
      secondsMax: 30,
    },
  ],
  [
    {
      name: 'an ECS agent that has no credentials yet: the container asks for none without a proof',
      notReady: 3,
      meanwhile: async (task) => {
        await task.startJob();
        const proofs = task.runner.calls
          .filter(({ what }) => what === 'registration')
          .map(({ body }) => body['identity']);
        holds('no registration was asked for without a proof', !proofs.includes(undefined));
        await task.finish();
      },
      exitCode: 0,
      says: 'after its job',
      secondsMax: 60,
    },
    {
      name: 'a daemon that hangs while the runner is idle',
      meanwhile: async (task, stage) => {
        await task.connected();
        await signalTo(stage.instance, task.id, 'daemon', 'SIGSTOP');
      },
      exitCode: 4,
      says: 'Docker does not answer any more',
      leaving: 'Docker died before a job came',
      secondsMax: 120,
    },
    {
      name: 'a network that is gone while the runner is idle, and a job that comes then',
      meanwhile: async (task, stage) => {
        await task.connected();
        await cutOff(task, stage);
        await task.startJob();
        await task.finish();
      },
      exitCode: 0,
      says: 'after its job',
      secondsMax: 20,
    },
    {
      name: 'a daemon that dies during a job, which goes on without it',
      meanwhile: async (task, stage) => {
        await task.startJob();
        await signalTo(stage.instance, task.id, 'daemon', 'SIGKILL');
        await until('docker fails', 20, async () => (await task.step('docker info')).exitCode !== 0);
        same('a step without Docker', await task.output('echo goes on'), 'goes on\n');
        await task.finish();
      },
      exitCode: 0,
      says: 'the Docker daemon has died (SIGKILL); the job goes on without it',
      secondsMax: 20,
    },
    {
      name: 'a proxy that dies during a job, which has another one at once',
      meanwhile: async (task, stage) => {
        await task.startJob();
        await signalTo(stage.instance, task.id, 'proxy', 'SIGKILL');
        await until('docker works again', 20, async () => (await task.step('docker info')).exitCode === 0);
        await task.finish();
      },
      exitCode: 0,
      says: 'the Docker proxy has died; starting it again',
      secondsMax: 20,
    },
    {
      name: 'a network that is gone during a job, which goes on',
      meanwhile: async (task, stage) => {
        await task.startJob();
        await cutOff(task, stage);
        same('a step without the registrar', await task.output('echo goes on'), 'goes on\n');
        await task.finish();
      },
      exitCode: 0,
      says: 'after its job',
      secondsMax: 20,
    },
    {
      name: 'a proxy that dies while the runner is idle, on the instance’s engine',
      pool: 'socket',
      meanwhile: killedIdle('proxy'),
      exitCode: 4,
      says: 'the Docker proxy has died',
      leaving: 'Docker died before a job came',
      secondsMax: 30,
    },
    {
      name: 'a listener that dies during a job',
      meanwhile: async (task, stage) => {
        await task.startJob();
        await signalTo(stage.instance, task.id, 'listener', 'SIGKILL');
      },
      exitCode: 0,
      says: 'the listener was killed after its job',
      secondsMax: 30,
    },
  ],
];

function killed(program: RunnerProgram): Meanwhile {
  return (task, stage) => signalTo(stage.instance, task.id, program, 'SIGKILL');
}

function killedIdle(program: RunnerProgram): Meanwhile {
  return async (task, stage) => {
    await task.connected();
    await signalTo(stage.instance, task.id, program, 'SIGKILL');
  };
}
