/** Where the stage lets faults in, and where the story and the judge listen. */
import type { Chance } from '../../sim/chance.ts';
import { type SimClock, sleep } from '../../sim/clock.ts';
import { aroundOf } from '../../sim/faults/around.ts';
import type { Knobs } from '../../sim/faults/knobs.ts';
import type { Judge } from '../../sim/judge/judge.ts';
import type { LogLine } from '../../world.ts';
import type { Audit } from './audit.ts';
import type { StageOptions } from './stage.ts';
import type { Story } from './story.ts';

type Parts = { knobs: Knobs; chance: Chance; story: Story; judge: Judge; audit: Audit; clock: () => SimClock };
type Hooks = Omit<StageOptions, 'pools'>;

/** What the janitor counts each minute is no part of the story. */
const GAUGES_REASON = 'once a minute';

export function hooksOf(parts: Parts): Hooks {
  return { ...faultsOf(parts), ...listenersOf(parts) };
}

function faultsOf({ knobs, chance, story, clock }: Parts): Hooks {
  const around = aroundOf(knobs, chance);
  return {
    watch: (name, { when, call }, invocation) => {
      const killPerhaps = () => {
        if (!around.kills()) return;
        story.tell('Lambda', `${name} dies ${when} ${call}`);
        invocation.kill();
      };
      return around.hangs() ? sleep(clock(), around.hangMs).then(killPerhaps) : killPerhaps();
    },
    storage: (when, operation) => {
      if (!around.storageFails(when)) return;
      story.tell('AWS', `${operation} fails ${when === 'before' ? 'with nothing done' : 'with all done'}`);
      throw new Error(`${operation}: the connection was cut`);
    },
    isConfigurationUnread: around.isConfigurationUnread,
    duplicates: () => knobs.queueDuplicates,
    janitors: around.janitors,
    lose: around.wayOf,
    sticks: around.sticks,
  };
}

function listenersOf({ story, judge, audit }: Parts): Hooks {
  return {
    onJob: (job, action) => {
      const { owner, name } = job.run.repository;
      const where = action === 'in_progress' ? ` on ${job.runner?.name}` : '';
      const result = action === 'completed' ? ` (${job.conclusion})` : '';
      story.tell(
        'GitHub',
        `job ${job.id} of ${owner.login}/${name} [${job.labels.join(' ')}] ${action}${result}${where}`,
      );
      judge.onJob(job, action);
    },
    onTask: (task, change, alive) => {
      const why = change === 'stopped' ? `: ${task.stoppedReason ?? task.stopCode}, exit ${task.exitCode}` : '';
      story.tell('ECS', `task of ${task.startedBy} ${change}${why}`);
      judge.onTask(task, change, alive);
      audit.onTask(task, change, alive);
    },
    overhear: audit.overhear,
    onLine: (line) => {
      audit.onLine(line);
      if (line.reason !== GAUGES_REASON && line.decision !== 'repositories swept') story.tell('service', told(line));
    },
  };
}

/** The decision and its reason first, then what it is about. */
function told({ decision, reason, ...about }: LogLine): string {
  const rest = Object.entries(about).filter(([, value]) => value !== undefined && typeof value !== 'object');
  return `${decision}: ${reason}${rest.length > 0 ? ` {${rest.map(([key, value]) => `${key} ${value}`).join(', ')}}` : ''}`;
}
