/** People who may not, and try: they see what ECS shows of tasks, and have credentials of their own. */

import type { EcsService } from '../ecs-service/service.ts';
import type { Attempt, Strangers } from '../strangers/attempt.ts';
import { registrationAttempts } from '../strangers/registrations.ts';
import { reportAttempts } from '../strangers/reports.ts';
import { type SeenTask, seenTask } from '../strangers/tasks.ts';
import { webhookAttempts } from '../strangers/webhooks.ts';
import { type Fault, nowAndThen, type Targets } from './fault.ts';

/** In this share of the seeds, whatever else is drawn: they change nothing for anybody else. */
export const STRANGERS = { name: 'strangers', share: 0.5 };

export const strangerFaults: Readonly<Record<string, Fault>> = {
  [STRANGERS.name]: nowAndThen('somebody who may not tries all that others may', [1, 15], (targets) => {
    const { strangers } = targets;
    if (strangers !== undefined) for (const attempt of attempts(targets, strangers)) void strangers.attempt(attempt);
  }),
};

function attempts({ clock, github, ecs, sts }: Targets, strangers: Strangers): Attempt[] {
  const { chance, lastWordOf } = strangers;
  const webhooks = webhookAttempts(github, chance);
  const living = ecs.livingTasks();
  const idle = living.filter(({ startedBy }) => lastWordOf(String(startedBy)) === 'idle');
  // Who idles has a registration that was not used yet: whoever gets another one has it to themselves.
  const isAny = idle.length === 0 || chance.happens(0.5);
  const task = seen(ecs, chance.pick(isAny ? living : idle));
  const other = seen(ecs, chance.pick(living));
  if (task === undefined || other === undefined) return webhooks;
  const means = { sts, chance, now: clock.now() };
  const foreign = other.runner === task.runner ? undefined : strangers.credentialOf(other.runner);
  return [
    ...webhooks,
    ...registrationAttempts(task, other, lastWordOf(task.runner) !== undefined, means),
    ...reportAttempts(task, foreign, chance),
  ];
}

function seen(ecs: EcsService, task: Record<string, unknown> | undefined): SeenTask | undefined {
  const role = ecs.books().tasks.findLast(({ taskArn }) => taskArn === task?.['taskArn'])?.role;
  return task === undefined || role === undefined ? undefined : seenTask(task, role);
}
