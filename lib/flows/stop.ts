/** From outside: only after whoever calls it has made sure that no job can run in it. */
import type { SeenTask } from '../core/cleanup.ts';
import type { World } from '../world.ts';

export async function stop(world: World, task: SeenTask, reason: string): Promise<void> {
  const stopped = await world.cluster.stopTask(task.taskArn, reason);
  const decision = stopped.kind === 'ok' ? 'task stopped' : 'task not stopped';
  world.log({ decision, reason, runner: task.startedBy, task: task.taskArn, answer: stopped.kind });
}
