/** Whoever asks for a runner's registration and is not its container, or was given it already. */
import type { Chance } from '../chance.ts';
import { type IdentityHeaders, identityHeaders } from '../container-identity.ts';
import { hex } from '../github-service/hub.ts';
import type { StsService } from '../sts-service.ts';
import type { Attempt } from './attempt.ts';
import type { SeenTask } from './tasks.ts';

/** STS takes five minutes. */
const TOO_OLD_MS = 6 * 60 * 1000;

export type Means = { sts: StsService; chance: Chance; now: number };

/** `other`: another task, with its ticket. `isHeard`: the runner's container has been heard since it has its registration. */
export function registrationAttempts(task: SeenTask, other: SeenTask, isHeard: boolean, means: Means): Attempt[] {
  const { runner, ticket, id } = task;
  const by = identitiesOf(means);
  const its = by(task.role, id, { runner });
  const attempt = (how: string, given: string | undefined, identity?: IdentityHeaders): Attempt => ({
    what: `a registration of ${runner} ${how}`,
    door: 'registrar',
    request: {
      path: `/runners/${encodeURIComponent(runner)}/registration`,
      headers: { 'content-type': 'application/json', ...(given !== undefined && { authorization: `Bearer ${given}` }) },
      body: JSON.stringify(identity === undefined ? {} : { identity }),
    },
    ...(given === ticket && { knowsTicket: true }),
  });
  const account = task.role.split(':').slice(0, 5).join(':');
  return [
    attempt('without a ticket', undefined, its),
    attempt('with a ticket made up', hex(means.chance, 64), its),
    ...(other.runner === runner ? [] : [attempt("with another runner's ticket", other.ticket, its)]),
    attempt('without an identity', ticket),
    attempt('with the identity of another task', ticket, by(task.role, hex(means.chance, 32), { runner })),
    attempt('with a role of their own', ticket, by(`${account}:role/strangers`, id, { runner })),
    attempt('with an identity made out to another runner', ticket, by(task.role, id, { runner: `${runner}0` })),
    attempt('with an identity made out to nobody', ticket, by(task.role, id, {})),
    attempt('with an old identity', ticket, by(task.role, id, { runner, now: means.now - TOO_OLD_MS })),
    ...(isHeard ? [attempt('that its container has already', ticket, its)] : []),
  ];
}

function identitiesOf({ sts, now }: Means) {
  return (role: string, name: string, made: { runner?: string; now?: number }) =>
    identityHeaders(sts.assume({ role, name }), { now, ...made });
}
