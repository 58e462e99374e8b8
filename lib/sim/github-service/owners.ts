/** Organisations, users, their repositories and runner groups. */
import type { Group, Installation, Owner, OwnerKind, Permissions, Repository, Scope } from './books.ts';
import type { Hub } from './hub.ts';

/** What an installation of this service's App is granted. */
export const USUAL_PERMISSIONS: Readonly<Permissions> = {
  metadata: 'read',
  actions: 'read',
  organization_self_hosted_runners: 'write',
  administration: 'write',
};

export type NewGroup = {
  name: string;
  visibility?: Group['visibility'];
  allowsPublicRepositories?: boolean;
  repositories?: readonly string[];
  onlyWorkflows?: boolean;
};

export type NewOwner = {
  owner: string;
  kind: OwnerKind;
  suspended?: boolean;
  groups?: readonly NewGroup[];
  permissions?: Permissions;
  /** Default: they may have runners. */
  repositoryRunners?: boolean;
};

export function findOwner(hub: Hub, login: string): Owner | undefined {
  return hub.books.owners.get(login.toLowerCase());
}

export function findRepository(hub: Hub, login: string, name: string): Repository | undefined {
  return findOwner(hub, login)?.repositories.get(name.toLowerCase());
}

/** Makes the owner with an installation; one that exists already is brought to what is asked. */
export function putOwner(hub: Hub, wanted: NewOwner): Owner {
  const owner = findOwner(hub, wanted.owner) ?? addOwner(hub, wanted.owner, wanted.kind);
  if (wanted.suspended !== undefined) owner.installation.state = wanted.suspended ? 'suspended' : 'active';
  if (wanted.permissions !== undefined) owner.installation.permissions = wanted.permissions;
  if (wanted.repositoryRunners !== undefined) owner.repositoryRunners = wanted.repositoryRunners;
  for (const group of wanted.groups ?? []) putGroup(hub, owner, group);
  return owner;
}

export function putRepository(hub: Hub, owner: Owner, name: string, isPrivate = true): Repository {
  const known = owner.repositories.get(name.toLowerCase());
  if (known !== undefined) return known;
  const repository = { id: hub.ids.repository(), owner, name, private: isPrivate, runs: [] } as unknown as Repository;
  repository.scope = emptyScope(owner, repository);
  owner.repositories.set(name.toLowerCase(), repository);
  return repository;
}

/** Whether a job of the repository may run on runners of the group (GitHub docs: managing access to runner groups). */
export function admits(group: Group, repository: Repository): boolean {
  // Of which workflow a job is, nobody asks here: it is none of those.
  return isVisible(group, repository) && !group.onlyWorkflows;
}

export function isVisible(group: Group, repository: Repository): boolean {
  if (!repository.private && !group.allowsPublicRepositories) return false;
  return group.visibility !== 'selected' || group.repositories.has(repository.name.toLowerCase());
}

function addOwner(hub: Hub, login: string, kind: OwnerKind): Owner {
  const owner = {
    id: hub.ids.owner(),
    login,
    kind,
    groups: [],
    repositories: new Map(),
    repositoryRunners: true,
    waiting: new Map(),
  } as unknown as Owner;
  const installation: Installation = {
    id: hub.ids.installation(),
    owner,
    state: 'active',
    permissions: { ...USUAL_PERMISSIONS },
  };
  owner.installation = installation;
  owner.scope = emptyScope(owner, undefined);
  owner.groups.push({ ...newGroup(1, { name: 'Default' }), allowsPublicRepositories: true });
  hub.books.owners.set(login.toLowerCase(), owner);
  hub.books.installations.set(installation.id, installation);
  return owner;
}

function putGroup(hub: Hub, owner: Owner, wanted: NewGroup): void {
  const known = owner.groups.find((group) => group.name.toLowerCase() === wanted.name.toLowerCase());
  if (known === undefined) owner.groups.push(newGroup(hub.ids.group(), wanted));
  else Object.assign(known, newGroup(known.id, wanted));
}

/** New groups admit no public repositories (GitHub docs). */
function newGroup(id: number, wanted: NewGroup): Group {
  return {
    id,
    name: wanted.name,
    visibility: wanted.visibility ?? 'all',
    allowsPublicRepositories: wanted.allowsPublicRepositories ?? false,
    onlyWorkflows: wanted.onlyWorkflows ?? false,
    repositories: new Set((wanted.repositories ?? []).map((name) => name.toLowerCase())),
  };
}

function emptyScope(owner: Owner, repository: Repository | undefined): Scope {
  return { owner, repository, runners: new Map(), names: new Map(), idle: new Map(), registrations: [] };
}
