/**
 * Owners and repositories that change: renamed, transferred, or with the App installed anew. GitHub's REST API redirects from the
 * former name of a repository, and not from that of an organisation (GitHub docs, "Renaming a repository", "Renaming an organization").
 */
import type { Installation, Owner, Repository } from './books.ts';
import type { Hub } from './hub.ts';
import { findOwner } from './owners.ts';
import { forgetNames } from './payloads.ts';

export function renameRepository(hub: Hub, repository: Repository, name: string): boolean {
  const { owner } = repository;
  if (owner.repositories.has(name.toLowerCase())) return false;
  owner.repositories.delete(repository.name.toLowerCase());
  hub.books.formerNames.set(formerKey(owner.login, repository.name), repository);
  repository.name = name;
  owner.repositories.set(name.toLowerCase(), repository);
  forgetNames(repository);
  return true;
}

/** Its runners and its jobs go with it; those of its former organisation stay there. */
export function transferRepository(hub: Hub, repository: Repository, to: Owner): boolean {
  const from = repository.owner;
  if (from === to || to.repositories.has(repository.name.toLowerCase())) return false;
  from.repositories.delete(repository.name.toLowerCase());
  hub.books.formerNames.set(formerKey(from.login, repository.name), repository);
  to.repositories.set(repository.name.toLowerCase(), repository);
  for (const [key, waiting] of from.waiting) {
    if (waiting.repository !== repository) continue;
    from.waiting.delete(key);
    to.waiting.set(key, waiting);
  }
  repository.owner = to;
  repository.scope.owner = to;
  forgetNames(repository);
  return true;
}

export function renameOwner(hub: Hub, owner: Owner, login: string): boolean {
  const { owners, formerLogins } = hub.books;
  if (owners.has(login.toLowerCase())) return false;
  owners.delete(owner.login.toLowerCase());
  formerLogins.set(owner.login.toLowerCase(), owner);
  owner.login = login;
  owners.set(login.toLowerCase(), owner);
  forgetNames(owner);
  for (const repository of owner.repositories.values()) forgetNames(repository);
  return true;
}

/** The App is uninstalled, and installed again: under another id, and what was granted to the old one is worth nothing. */
export function reinstall(hub: Hub, owner: Owner): void {
  const before = owner.installation;
  before.state = 'deleted';
  const installation: Installation = { ...before, id: hub.ids.installation(), state: 'active' };
  owner.installation = installation;
  hub.books.installations.set(installation.id, installation);
}

/** Whom people mean who do not know yet that it has another name. */
export function ownerOnceNamed(hub: Hub, login: string): Owner | undefined {
  return findOwner(hub, login) ?? hub.books.formerLogins.get(login.toLowerCase());
}

export function repositoryOnceNamed(hub: Hub, login: string, name: string): Repository | undefined {
  const key = name.toLowerCase();
  return ownerOnceNamed(hub, login)?.repositories.get(key) ?? hub.books.formerNames.get(formerKey(login, name));
}

function formerKey(login: string, name: string): string {
  return `${login}/${name}`.toLowerCase();
}
