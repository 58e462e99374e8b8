/** What happens to the App's installations, and to those who own the repositories. By the number under which it was written down. */
import type { Owner, Permissions, Repository } from '../github-service/books.ts';
import { type Fault, forHours, nowAndThen, ofKnob, type Targets } from './fault.ts';

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
  'permissions.pending': forHours('new permissions are not granted yet (N33)', [0.1, 1], withhold, giveBack),
  'app.reinstalled': nowAndThen(
    'the App is uninstalled, and at once installed again under another id (N3)',
    [0.1, 1],
    (targets) => {
      const owner = targets.chance.pick(owners(targets));
      if (owner !== undefined) targets.github.control.reinstall(owner.login);
    },
  ),
  'repositories.renamed': nowAndThen('a repository gets another name (N29)', [0.1, 2], (targets) => {
    const repository = targets.chance.pick(repositories(targets));
    if (repository === undefined) return;
    const { owner, name } = repository;
    targets.github.control.renameRepository(owner.login, name, numbered(name));
  }),
  'repositories.transferred': nowAndThen('a repository goes to another organisation (N30)', [0.1, 1], (targets) => {
    const repository = targets.chance.pick(repositories(targets).filter(({ owner }) => owner.kind === 'Organization'));
    const to = targets.chance.pick(organisations(targets).filter((owner) => owner !== repository?.owner));
    if (repository === undefined || to === undefined) return;
    targets.github.control.transferRepository(repository.owner.login, repository.name, to.login);
  }),
  'owners.renamed': nowAndThen('an organisation gets another name (N31)', [0.1, 1], (targets) => {
    // Not the first: what it may do is known by its name.
    const owner = targets.chance.pick(organisations(targets).slice(1));
    if (owner !== undefined) targets.github.control.renameOwner(owner.login, numbered(owner.login));
  }),
  'groups.notAdmitting': forHours(
    'no runner group but the default one admits any repository (N16)',
    [0.1, 2],
    (targets) => admit(targets, 'selected'),
    (targets) => admit(targets, 'all'),
  ),
};

function owners({ github }: Targets): Owner[] {
  return [...github.books.owners.values()];
}

/** By id: those that are renamed stay where they are. */
function organisations(targets: Targets): Owner[] {
  return owners(targets)
    .filter(({ kind }) => kind === 'Organization')
    .toSorted((one, other) => one.id - other.id);
}

/** Those that go by their own name alone; of the others it is known who may do what. */
function repositories(targets: Targets): Repository[] {
  return owners(targets)
    .flatMap((owner) => [...owner.repositories.values()])
    .filter(({ outside, name }) => outside !== true && !name.startsWith('deploy-'));
}

/** `app` becomes `app-2`, and that `app-3`. */
function numbered(name: string): string {
  const [, stem = name, number = '1'] = /^(.*?)(?:-(\d+))?$/.exec(name) ?? [];
  return `${stem}-${Number(number) + 1}`;
}

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

/** What each owner has granted otherwise. */
const granted = new WeakMap<Owner, Permissions>();

/** Until they are accepted, what is new cannot be written. */
function withhold(targets: Targets): void {
  for (const owner of owners(targets)) {
    const { permissions } = owner.installation;
    granted.set(owner, granted.get(owner) ?? permissions);
    owner.installation.permissions = Object.fromEntries(Object.keys(permissions).map((name) => [name, 'read']));
  }
}

function giveBack(targets: Targets): void {
  for (const owner of owners(targets)) {
    const permissions = granted.get(owner);
    if (permissions !== undefined) owner.installation.permissions = permissions;
    granted.delete(owner);
  }
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
