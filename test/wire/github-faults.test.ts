/** What fails on the way to GitHub and back is the same to the service over the wire and in process. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { createGitHub } from '../../lib/live/github.ts';
import { serveGitHub } from '../../lib/local/github.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { noKnobs, type RouteName } from '../../lib/sim/faults/knobs.ts';
import { faultyRest, KINDS } from '../../lib/sim/faults/rest.ts';
import { createSimGitHub } from '../../lib/sim/github.ts';
import type { GitHub, Outcome, Repository, Scope } from '../../lib/world.ts';
import { useFakeDate } from '../support/fake-date.ts';
import { APP_ID, anOwnedGitHub, installationOf, KEYS, queue, register, START } from '../support/github-service.ts';

afterEach(() => {
  jest.useRealTimers();
});

type Place = { scope: Scope; repository: Repository; job: number; runner: number };
type Act = (github: GitHub, place: Place) => Promise<Outcome<unknown>>;

const acts: [route: RouteName, what: string, act: Act][] = [
  [
    'jitconfig',
    'registering',
    (github, { scope }) => github.registerRunner(scope, { name: 'r-1', labels: ['ecs'], group: 'Default' }),
  ],
  ['removal', 'removing', (github, { scope, runner }) => github.removeRunner(scope, runner)],
  ['runners', 'listing runners', (github, { scope }) => github.listRunners(scope)],
  ['runners', 'finding a runner', (github, { scope }) => github.findRunner(scope, 'r-1')],
  ['job', 'asking about a job', (github, { repository, job }) => github.job(repository, job)],
  ['runs', 'listing runs', (github, { repository }) => github.activeRuns(repository, 'queued', 1)],
  ['deliveries', 'listing deliveries', (github) => github.failedDeliveries()],
  ['token', 'making a token', (github, { scope }) => github.listRunners(scope)],
];

/** What each kind of failure is to a call that changes nothing, and to one that changes something. */
const KINDS_OF: Record<(typeof KINDS)[number], { read: string; write: string }> = {
  '502': { read: 'retry', write: 'unknown' },
  lost: { read: 'retry', write: 'unknown' },
  cut: { read: 'retry', write: 'unknown' },
  truncated: { read: 'retry', write: 'unknown' },
  hang: { read: 'retry', write: 'unknown' },
  limited: { read: 'retry', write: 'retry' },
};

const rows = acts.flatMap(([route, what, act]) =>
  KINDS.map((kind) => [`${route}.${kind}`, what, act, expectedOf(route, kind)] as const),
);

/** A token that was not made leaves what it was wanted for undone. A removal has no body that could be cut in half. */
function expectedOf(route: RouteName, kind: (typeof KINDS)[number]): string {
  if (route === 'removal' && kind === 'truncated') return 'ok';
  return KINDS_OF[kind][route === 'jitconfig' || route === 'removal' ? 'write' : 'read'];
}

test.each(rows)('%s, %s: the same over the wire and in process', async (fault, _what, act, expected) => {
  expect(await outcomes(act, fault)).toMatchObject([{ kind: expected }, { kind: expected }]);
});

async function outcomes(act: Act, fault: string): Promise<Outcome<unknown>[]> {
  return [await outcome(act, fault, true), await outcome(act, fault, false)];
}

/** With a fault that always happens. */
async function outcome(act: Act, fault: string, isOverTheWire: boolean): Promise<Outcome<unknown>> {
  const simulated = anOwnedGitHub();
  const { service, clock } = simulated;
  const knobs = noKnobs();
  const rest = faultyRest(service.rest, knobs, seededChance(1), async () => undefined);
  const { url, close } = await serveGitHub({ service: { ...service, rest }, port: 0 });
  useFakeDate(START);
  const github = isOverTheWire
    ? createGitHub({ url, app: { appId: APP_ID, privateKey: KEYS.privateKey }, clock })
    : createSimGitHub({ ...service, rest }, clock);
  const scope = { installation: installationOf(simulated), owner: 'octo-org' };
  const [job = 0] = queue(simulated);
  const { id: runner } = await register(simulated);
  knobs.rest[fault] = 1;
  try {
    return await act(github, { scope, repository: { ...scope, repository: 'app' }, job, runner });
  } finally {
    await close();
    jest.useRealTimers();
  }
}
