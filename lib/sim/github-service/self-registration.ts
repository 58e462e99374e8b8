/** A runner registers itself with a token, as `config.sh --ephemeral --unattended --replace` does. */
import type { Hub } from './hub.ts';
import { addRunner, dropRunner, isTaken, jitConfigOf } from './runners.ts';

/** `group`: by name; repositories have none. */
export type SelfRegistration = { token: string; name: string; labels: readonly string[]; group?: string };

/** `refused`: the token has expired or is none, the group is not there, or the name is taken by a runner that works. */
export type ConfigureAnswer = { kind: 'configured'; jitConfig: string } | { kind: 'refused' };

export function configure(hub: Hub, { token, name, labels, group = 'Default' }: SelfRegistration): ConfigureAnswer {
  const known = hub.books.registrationTokens.get(token);
  if (known === undefined || known.expiresAt <= hub.time.now()) return { kind: 'refused' };
  const { scope } = known;
  const wanted = scope.repository === undefined ? group.toLowerCase() : 'default';
  const found = scope.owner.groups.find((one) => one.name.toLowerCase() === wanted);
  const other = scope.names.get(name.toLowerCase());
  if (found === undefined || (other !== undefined && isTaken(other))) return { kind: 'refused' };
  if (other !== undefined) dropRunner(hub, other);
  const runner = addRunner(hub, scope, { name, group: found, labels: [...labels] });
  return { kind: 'configured', jitConfig: jitConfigOf(hub, runner) };
}
