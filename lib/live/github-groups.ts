/** Ids of runner groups by their names (case does not matter), which is how pools name them. */
import type { AdmittingGroup, Clock, Outcome, Repository } from '../world.ts';
import { objects, pages } from './github-answers.ts';
import type { Installations } from './github-app.ts';

/** GitHub: the group `Default` has this id in every organisation; registrations on repositories have it always. */
export const DEFAULT_GROUP = 1;
/** Groups are made rarely; a renamed or deleted one is noticed after this long. */
const KNOWN_MS = 5 * 60_000;
/** A group that was not there may just have been made. */
const MISSING_MS = 60_000;

export type RunnerGroups = {
  /** `refused`: there is no such group, or the App may not see it. */
  idOf(installation: number, owner: string, group: string): Promise<Outcome<number>>;
  /** What is known of the owner's groups is wrong. */
  forget(owner: string): void;
};

type Read = { at: number; ids: Promise<Outcome<Map<string, number>>> };

/** A failed read is never kept; reads at the same time are one. */
export function createRunnerGroups(installations: Installations, clock: Clock): RunnerGroups {
  const reads = new Map<string, Read>();

  async function idsOf(installation: number, owner: string, keptMs: number): Promise<Outcome<Map<string, number>>> {
    const kept = reads.get(owner);
    if (kept !== undefined && clock.now() - kept.at < keptMs) return kept.ids;
    const read = { at: clock.now(), ids: readGroups(installations, installation, owner) };
    reads.set(owner, read);
    const ids = await read.ids;
    if (ids.kind !== 'ok' && reads.get(owner) === read) reads.delete(owner);
    return ids;
  }

  return {
    forget: (owner) => {
      reads.delete(owner);
    },
    idOf: async (installation, owner, group) => {
      const wanted = group.toLowerCase();
      if (wanted === 'default') return { kind: 'ok', value: DEFAULT_GROUP };
      for (const keptMs of [KNOWN_MS, MISSING_MS]) {
        const ids = await idsOf(installation, owner, keptMs);
        if (ids.kind !== 'ok') return ids;
        const id = ids.value.get(wanted);
        if (id !== undefined) return { kind: 'ok', value: id };
      }
      return { kind: 'refused', reason: `${owner} has no runner group "${group}", or the App may not see it` };
    },
  };
}

function readGroups(
  installations: Installations,
  installation: number,
  owner: string,
): Promise<Outcome<Map<string, number>>> {
  const call = { doing: `reading the runner groups of ${owner}`, effect: 'read' } as const;
  return installations(installation, call, async (octokit) => {
    const read = await pages(octokit, call, 'GET /orgs/{owner}/actions/runner-groups', { owner }, (data) =>
      objects(data, 'runner_groups', ({ id, name }) =>
        typeof id === 'number' && typeof name === 'string' ? { id, name } : undefined,
      ),
    );
    if (read.kind !== 'ok') return read;
    return { kind: 'ok', value: new Map(read.value.map(({ id, name }) => [name.toLowerCase(), id])) };
  });
}

/** GitHub docs, "List self-hosted runner groups for an organization": `visible_to_repository` takes a name without its owner. */
export function readAdmittingGroups(
  installations: Installations,
  { installation, owner, repository }: Repository,
): Promise<Outcome<AdmittingGroup[]>> {
  const call = { doing: `asking which runner groups admit ${owner}/${repository}`, effect: 'read' } as const;
  const asked = { owner, visible_to_repository: repository };
  return installations(installation, call, (octokit) =>
    pages(octokit, call, 'GET /orgs/{owner}/actions/runner-groups', asked, (data) =>
      objects(data, 'runner_groups', ({ name, restricted_to_workflows: onlyWorkflows }) =>
        typeof name === 'string' ? { name, onlyWorkflows: onlyWorkflows === true } : undefined,
      ),
    ),
  );
}
