/** EventBridge's scheduled rule for a function that runs once at a time, unless it is to run more often. */
import { randomUUID } from 'node:crypto';
import type { ScheduledEvent } from 'aws-lambda';
import type { SimClock } from '../sim/clock.ts';
import { LOCAL_ACCOUNT, LOCAL_CLIENT } from './aws.ts';
import type { LocalFunction } from './lambda.ts';
import type { Trigger } from './queue-trigger.ts';

export type ScheduleOptions = {
  clock: SimClock;
  target: Pick<LocalFunction, 'invoke'>;
  /** Simulated seconds between two runs; a run that takes longer delays the next one. */
  everySeconds: number;
  /** How many begin when one is due; default: one. */
  runs?: () => number;
  log: (line: string) => void;
};

/** The first run comes after the first interval. */
export function startSchedule({ clock, target, everySeconds, runs = () => 1, log }: ScheduleOptions): Trigger {
  let stopped = false;
  const everyMs = everySeconds * 1000;
  let running: Promise<void> = Promise.resolve();
  let due = clock.now() + everyMs;
  let cancel = clock.after(everyMs, start);

  function start(): void {
    running = run();
  }

  async function run(): Promise<void> {
    const event = scheduledEvent(clock.now());
    await Promise.all(Array.from({ length: runs() }, () => invoke(event)));
    due = Math.max(due + everyMs, clock.now());
    if (!stopped) cancel = clock.after(due - clock.now(), start);
  }

  async function invoke(event: ScheduledEvent): Promise<void> {
    const result = await target.invoke(event);
    if (!result.ok && !stopped) log(`the schedule: ${result.error.errorType}: ${result.error.errorMessage}`);
  }

  return {
    close: async () => {
      stopped = true;
      cancel();
      await running;
    },
  };
}

function scheduledEvent(nowMs: number): ScheduledEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: LOCAL_ACCOUNT,
    time: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: LOCAL_CLIENT.region,
    resources: [`arn:aws:events:${LOCAL_CLIENT.region}:${LOCAL_ACCOUNT}:rule/janitor`],
    detail: {},
  };
}
