/**
 * What is judged by the service's own words: that only who should is answered, that nothing secret is told, and that everything is
 * explained. The judge knows what that means; this is where the service says it.
 */
import { seededChance } from '../../sim/chance.ts';
import type { OnTask } from '../../sim/ecs-service/books.ts';
import { hashed } from '../../sim/faults/draw.ts';
import { STRANGERS } from '../../sim/faults/strangers.ts';
import { createExplained, type Done } from '../../sim/judge/explained.ts';
import { type Judge, PROMISES } from '../../sim/judge/judge.ts';
import { secretFinder, textOf } from '../../sim/judge/secrets.ts';
import { launchedForNothing, wrongAnswer } from '../../sim/judge/strangers.ts';
import type { Strangers } from '../../sim/strangers/attempt.ts';
import type { LogLine } from '../../world.ts';
import { TICKET_SECRET } from './deployment.ts';
import { SECRET } from './services.ts';
import type { Stage } from './stage.ts';
import { createOverheard, strangersOf } from './strangers.ts';

export type Audit = ReturnType<typeof createAudit>;

/** The lines about a call of RunTask or StopTask, whatever its answer was. */
const DECISIONS: Readonly<Record<string, Done>> = {
  'task started': 'start',
  'task not started': 'start',
  'task stopped': 'stop',
  'task not stopped': 'stop',
  'runner given up': 'stop',
};

export function createAudit({ seed, stage, judge }: { seed: number; stage: () => Stage; judge: Judge }) {
  const broken = (promise: keyof typeof PROMISES, detail: string | undefined) => {
    if (detail !== undefined) judge.breaches.push({ at: stage().clock.now(), promise: PROMISES[promise], detail });
  };
  const explained = createExplained(() => stage().clock.now());
  const overheard = createOverheard();
  const secretIn = secretFinder({ "the webhooks' secret": SECRET, "the tickets' secret": TICKET_SECRET });
  const hide = (where: string, text: string) => {
    const secret = secretIn(text);
    if (secret !== undefined) broken('secrets', `${secret} in ${where}`);
  };

  const onTask: OnTask = (task, change) => {
    explained.onTask(task.startedBy ?? '', change);
    if (change === 'stopped') hide(`the end of ${task.startedBy}`, textOf(task));
    if (change !== 'created') return;
    broken('strangers', launchedForNothing(stage().github.books, task));
    const shown = stage()
      .ecs.livingTasks()
      .findLast(({ taskArn }) => taskArn === task.taskArn);
    hide(`the task of ${task.startedBy}`, textOf(withoutTicket(shown)));
  };

  const onLine = (line: LogLine) => {
    const { decision, reason, runner } = line;
    hide(`a line about "${decision}"`, textOf(line));
    if (!decision || !reason) return broken('explained', `a line says only: ${decision}: ${reason}`);
    const done = DECISIONS[decision];
    if (done !== undefined) explained.onLine(String(runner), done);
  };

  return {
    onTask,
    onLine,
    overhear: overheard.overhear,
    strangers: (): Strangers =>
      strangersOf({
        chance: seededChance(hashed(seed, `${STRANGERS} try`)),
        doors: stage().doors,
        overheard,
        told: (attempt, answered) => broken('strangers', wrongAnswer(attempt, answered)),
      }),
    /** `isWhole`: no function died, or failed, between a call and what it was going to say about it. */
    end: (isWhole: boolean) => {
      if (isWhole) for (const detail of explained.unexplained()) broken('explained', detail);
    },
  };
}

/** The one that ECS may show: it is good for one runner, once, and for nobody but its task. */
export function withoutTicket(task: unknown): unknown {
  return JSON.parse(
    JSON.stringify(task, (_, value) => (isTicket(value) ? { ...value, value: 'a ticket' } : value)) ?? 'null',
  );
}

function isTicket(value: unknown): value is { name: string; value: string } {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('value' in value)) return false;
  return value.name === 'ECS_RUNNERS_TICKET' && /^[0-9a-f]{64}$/.test(String(value.value));
}
