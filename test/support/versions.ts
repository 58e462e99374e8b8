/** The check of runner versions alone, over the simulated GitHub: runners connect with a version, time passes by leaps. */
import type { RunnerRecord } from '../../lib/core/runner.ts';
import { checkVersions } from '../../lib/flows/versions.ts';
import { createSimGitHub } from '../../lib/sim/github.ts';
import type { Release } from '../../lib/sim/github-service/books.ts';
import { createSimListTable } from '../../lib/sim/tables.ts';
import type { GitHubRunner, LogLine, Outcome, Scope, World } from '../../lib/world.ts';
import { aGitHub, installationOf, START } from './github-service.ts';
import { aConfig } from './pools.ts';

type Ends = Partial<Record<keyof Release, (start: number) => number>>;

/** Runners connect with this version from the beginning; without `ends` GitHub does not know it. */
export function listenAs(version: string, ends?: Ends) {
  const simulated = aGitHub();
  const { service, clock, pass } = simulated;
  const github = createSimGitHub(service, clock);
  const runners = createSimListTable<RunnerRecord, { pool: string; place: number }>({
    clock,
    latencyMs: 0,
    name: 'runners',
    key: ['pool', 'place'],
  });
  const lines: LogLine[] = [];
  const scopes = new Map<string, Scope>();

  let asked = 0;

  const office = {
    lines,
    /** GitHub does not answer with its runners. */
    unreadable: false,
    /** It answers with them, and not to the question. */
    failing: false,
    /** The tables do not answer. */
    broken: false,
    use: (used: string, release?: Ends) => service.control.useRelease(used, releaseOf(release)),
    pass,
    /** How often GitHub was asked about a version. */
    asked: () => asked,
    /** New with every write. */
    written: () => runners.all().map(({ version }) => version),
    runnerVersions: () =>
      runners
        .all()
        .flatMap((record) =>
          record.kind === 'versions' ? [record.runnerVersions.map(({ runnerVersion }) => runnerVersion)] : [],
        ),
    async register(name: string, { owner = 'octo-org', connected = true } = {}) {
      const scope = scopeOf(owner);
      const made = await github.registerRunner(scope, { name, labels: ['ecs'], group: 'Default' });
      if (made.kind !== 'ok') throw new Error(made.reason);
      if (connected) await service.runnerSide.connect(made.value.jitConfig);
      return { scope, id: made.value.id };
    },
    async remove({ scope, id }: { scope: Scope; id: number }) {
      await github.removeRunner(scope, id);
    },
    async check(): Promise<number | undefined> {
      const listings = await Promise.all(
        [...scopes.values()].map(async (scope) => ({ scope, runners: await list(scope) })),
      );
      return checkVersions(world, aConfig([]), listings);
    },
    /** Again and again, for so long; gives what each said. */
    async checkEach(everyMs: number, forMs: number): Promise<(number | undefined)[]> {
      const given: (number | undefined)[] = [];
      for (let time = 0; time < forMs; time += everyMs) {
        given.push(await office.check());
        await pass(everyMs);
      }
      return given;
    },
  };
  const world = {
    clock,
    github: {
      ...github,
      runnerDeprecation: async (scope: Scope, runnerVersion: string) => {
        asked += 1;
        return office.failing
          ? { kind: 'retry', reason: 'GitHub answered 502' }
          : github.runnerDeprecation(scope, runnerVersion);
      },
    },
    runners: new Proxy(runners, {
      get: (table, name, receiver) => {
        if (office.broken) throw new Error('no table');
        return Reflect.get(table, name, receiver);
      },
    }),
    log: (line: LogLine) => lines.push(line),
  } as unknown as World;
  office.use(version, ends);
  return office;

  function scopeOf(owner: string): Scope {
    service.control.putInstallation({ owner, kind: 'Organization' });
    const scope = scopes.get(owner) ?? { installation: installationOf(simulated, owner), owner };
    scopes.set(owner, scope);
    return scope;
  }

  async function list(scope: Scope): Promise<Outcome<GitHubRunner[]>> {
    return office.unreadable ? { kind: 'retry', reason: 'no answer' } : github.listRunners(scope);
  }

  function releaseOf(release: Ends | undefined): Release | undefined {
    if (release === undefined) return undefined;
    return Object.fromEntries(Object.entries(release).map(([name, end]) => [name, end(START)]));
  }
}
