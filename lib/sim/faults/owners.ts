/** What happens to the App's installations, and to those who own the repositories. By the number under which it was written down. */
import { type Fault, forHours, ofKnob, type Targets } from './fault.ts';

export const ownerFaults: Readonly<Record<string, Fault>> = {
  'app.suspended': forHours(
    'the installation is suspended (N3)',
    [0.1, 1],
    (targets) => suspend(targets, true),
    (targets) => suspend(targets, false),
  ),
  'app.accessLost': ofKnob('accessLost', 'every call for an installation is answered 404', [0.1, 1], 'hours'),
  'repositoryRunners.forbidden': forHours(
    'the organisations forbid runners on repositories (N17)',
    [0.1, 2],
    (targets) => forbid(targets, false),
    (targets) => forbid(targets, true),
  ),
  'permissions.pending': forHours(
    'new permissions are not granted yet (N33)',
    [0.1, 1],
    (targets) => grant(targets, 'read'),
    (targets) => grant(targets, 'write'),
  ),
  'groups.notAdmitting': forHours(
    'no runner group but the default one admits any repository (N16)',
    [0.1, 2],
    (targets) => admit(targets, 'selected'),
    (targets) => admit(targets, 'all'),
  ),
};

function eachOwner({ github }: Targets, change: (owner: string, kind: string) => Record<string, unknown>): void {
  for (const { login, kind } of github.books.owners.values()) {
    github.control.putInstallation({ owner: login, kind, ...change(login, kind) });
  }
}

function suspend(targets: Targets, suspended: boolean): void {
  const [first] = targets.github.books.owners.values();
  eachOwner(targets, (owner) => (owner === first?.login ? { suspended } : {}));
}

function forbid(targets: Targets, repositoryRunners: boolean): void {
  eachOwner(targets, (_, kind) => (kind === 'Organization' ? { repositoryRunners } : {}));
}

function grant(targets: Targets, level: 'read' | 'write'): void {
  const permissions = {
    metadata: 'read',
    actions: 'read',
    organization_self_hosted_runners: level,
    administration: level,
  };
  eachOwner(targets, () => ({ permissions }));
}

/** `selected`, and nobody is. */
function admit(targets: Targets, visibility: 'selected' | 'all'): void {
  const owners = targets.github.books.owners;
  eachOwner(targets, (owner) => ({
    groups: (owners.get(owner.toLowerCase())?.groups ?? [])
      .filter(({ id }) => id !== 1)
      .map(({ name }) => ({ name, visibility })),
  }));
}
