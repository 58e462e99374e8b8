/**
 * The world as a dry run sees it: it reads what is there, decides and says as ever, and nothing that it does arrives
 * anywhere. What GitHub, ECS and the tables would have answered is taken for a yes. A test holds every method of every port
 * to be either replaced here, or one that only reads.
 */
import type { Failure, LogLine, Outcome, Versioned, World } from '../world.ts';

/** `said`: gets every line. All are marked, so that nobody takes one for something that was done, and no metric is made of it. */
export function dryWorld(world: World, said: (line: LogLine) => void): World {
  return {
    ...world,
    log: (line) => {
      const marked: LogLine = { ...line, dryRun: true };
      said(marked);
      world.log(marked);
    },
    github: {
      ...world.github,
      removeRunner: done,
      redeliver: done,
      rerunJob: done,
      rerunFailedJobs: done,
      registerRunner: refused,
      registrationToken: refused,
    },
    cluster: { ...world.cluster, stopTask: done, runTask: refused, closeInstance: refused },
    queue: { ...world.queue, send: nothing },
    history: { ...world.history, put: written, remove: removed },
    backlog: { ...world.backlog, put: written, remove: removed },
    runners: { ...world.runners, put: written, remove: removed },
  };
}

async function done(): Promise<Outcome<undefined>> {
  return { kind: 'ok', value: undefined };
}

async function refused(): Promise<Failure> {
  return { kind: 'refused', reason: 'this is a dry run' };
}

async function nothing(): Promise<void> {}

async function written<Item extends Versioned>(item: Omit<Item, 'version'>): Promise<Item> {
  return { ...item, version: 'of a dry run' } as Item;
}

async function removed(): Promise<boolean> {
  return true;
}
