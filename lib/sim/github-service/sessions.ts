/** A runner's connection: what GitHub has to say to it waits in an inbox. */
import type { Runner, RunnerMessage, Session } from './books.ts';
import { type Hub, uuid } from './hub.ts';

export function newSession(hub: Hub, runner: Runner): Session {
  return { id: uuid(hub.chance), runner, alive: true, inbox: [], wake: undefined };
}

export function postTo(session: Session, message: RunnerMessage): void {
  const { wake } = session;
  session.wake = undefined;
  if (wake === undefined) session.inbox.push(message);
  else wake(message);
}

/** One caller at a time; an earlier one that still waits never hears again. */
export function nextMessage(session: Session): Promise<RunnerMessage> {
  const message = session.inbox.shift();
  if (message !== undefined) return Promise.resolve(message);
  return new Promise((resolve) => {
    session.wake = resolve;
  });
}
