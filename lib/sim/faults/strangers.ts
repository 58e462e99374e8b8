/** People who may not, and try: they see what ECS shows of tasks, and have credentials of their own. */

import type { EcsService } from '../ecs-service/service.ts';
import type { Attempt, Strangers } from '../strangers/attempt.ts';
import { registrationAttempts } from '../strangers/registrations.ts';
import { reportAttempts } from '../strangers/reports.ts';
import { type SeenTask, seenTask } from '../strangers/tasks.ts';
import { webhookAttempts } from '../strangers/webhooks.ts';
import { type Fault, nowAndThen, type Targets } from './fault.ts';

export const STRANGERS = 'strangers';

export const strangerFaults: Readonly<Record<string, Fault>> = {
  [STRANGERS]: nowAndThen('somebody who may not tries all that others may', [1, 15], (targets) => {
    const { strangers, ecs } = targets;
    if (strangers === undefined) return;
    const tryAll = (task: Shown | undefined) => {
      for (const attempt of attempts(targets, strangers, task)) void strangers.attempt(attempt);
    };
    tryAll(strangers.chance.pick(ecs.livingTasks()));
    // Who idles has a registration that was not used yet: whoever gets another one has it to themselves.
    strangers.whenIdle((runner) => tryAll(ecs.livingTasks().find(({ startedBy }) => startedBy === runner)));
  }),
};

/** As ECS shows a task. */
type Shown = Record<string, unknown>;

function attempts({ clock, github, ecs, sts }: Targets, strangers: Strangers, shown: Shown | undefined): Attempt[] {
  const { chance } = strangers;
  const webhooks = webhookAttempts(github, chance);
  const [task, other] = [seen(ecs, shown), seen(ecs, chance.pick(ecs.livingTasks()))];
  if (task === undefined || other === undefined) return webhooks;
  const means = { sts, chance, now: clock.now() };
  const foreign = other.runner === task.runner ? undefined : strangers.credentialOf(other.runner);
  return [
    ...webhooks,
    ...registrationAttempts(task, other, strangers.isHeard(task.runner), means),
    ...reportAttempts(task, foreign, chance),
  ];
}

function seen(ecs: EcsService, task: Shown | undefined): SeenTask | undefined {
  const role = ecs.books().tasks.findLast(({ taskArn }) => taskArn === task?.['taskArn'])?.role;
  return task === undefined || role === undefined ? undefined : seenTask(task, role);
}
