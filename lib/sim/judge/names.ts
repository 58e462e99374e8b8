/** What a runner's name says, taken apart without the service's own code. */

/** `launch`: of the job, counted from 1. `job` is 0 for a warm runner, which is launched for none. */
export type LaunchName = { job: number; launch: number };

const TASK_NAME = /-\d+-(\d+)-(\d+)$/;

/** `<prefix>-<pool>-<place>-<job>-<launch>`; `undefined`: it is no name of ours. */
export function launchNamed(task: string): LaunchName | undefined {
  const [, job, launch] = TASK_NAME.exec(task) ?? [];
  return job === undefined ? undefined : { job: Number(job), launch: Number(launch) };
}

/** GitHub's name of a runner has one more number at its end than the task's. */
export function taskNameOf(runner: string): string {
  return runner.replace(/-\d+$/, '');
}
