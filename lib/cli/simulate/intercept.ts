/** Stands between the service and its world, and is told of every call before and after it happens. */
import type { World } from '../../world.ts';

export type Moment = { when: 'before' | 'after'; call: string; number: number };

/** What GitHub's answers have said is remembered by the port. Functions look at it before and after each call of theirs. */
const ASKS_NOBODY: keyof World['github'] = 'rateLimits';

/** `watch` may throw, or give a promise that never settles: then the caller hears nothing any more, as if it had died. */
export function intercepted(world: World, watch: (moment: Moment) => Promise<void> | void): World {
  let calls = 0;
  const wrap = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get(target, property, receiver) {
        const method: unknown = Reflect.get(target, property, receiver);
        if (typeof method !== 'function' || property === ASKS_NOBODY) return method;
        return async (...parameters: unknown[]) => {
          const call = `${name}.${String(property)}`;
          const number = ++calls;
          const before = watch({ when: 'before', call, number });
          if (before !== undefined) await before;
          const result: unknown = await method.apply(target, parameters);
          const after = watch({ when: 'after', call, number });
          if (after !== undefined) await after;
          return result;
        };
      },
    });
  return {
    clock: world.clock,
    log: world.log,
    github: wrap('github', world.github),
    cluster: wrap('cluster', world.cluster),
    identity: wrap('identity', world.identity),
    queue: wrap('queue', world.queue),
    history: wrap('history', world.history),
    backlog: wrap('backlog', world.backlog),
    runners: wrap('runners', world.runners),
  };
}
