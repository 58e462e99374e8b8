/**
 * A repository that has another name: at its former one GitHub answers a GET with 301 and a POST with 307 (google/go-github#184,
 * matrix-org/go-neb#141), the simulated one a DELETE with 307 too. Method and body go on to its address; so they do after a 308.
 */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createGitHub } from '../../lib/live/github.ts';
import { type ServedGitHub, serveGitHub } from '../../lib/local/github.ts';
import type { Rest } from '../../lib/sim/github-service/rest.ts';
import type { GitHub, Scope } from '../../lib/world.ts';
import { useFakeDate } from '../support/fake-date.ts';
import {
  APP_ID,
  anOwnedGitHub,
  type GitHubUnderTest,
  installationOf,
  KEYS,
  queue,
  START,
} from '../support/github-service.ts';
import { startProxy, type WireProxy } from '../support/proxy.ts';

const RUNNER = { name: 'r-default-0-1-1', labels: ['self-hosted'], group: 'Default' };

describe.each([
  { name: '301 and 307', redirection: undefined },
  { name: '308', redirection: 308 },
])('answered $name', ({ redirection }) => {
  let simulated: GitHubUnderTest;
  let served: ServedGitHub;
  let proxy: WireProxy;
  let github: GitHub;
  let former: Scope & { repository: string };

  beforeEach(async () => {
    simulated = anOwnedGitHub();
    const { service, clock } = simulated;
    const rest: Rest = async (...asked) => {
      const given = await service.rest(...asked);
      return given.status > 300 && given.status < 400 ? { ...given, status: redirection ?? given.status } : given;
    };
    served = await serveGitHub({ service: { ...service, rest }, port: 0 });
    proxy = await startProxy(served.url, () => 'pass');
    // Octokit's auth-app reads the age of a token from Date.
    useFakeDate(START);
    github = createGitHub({ url: proxy.url, app: { appId: APP_ID, privateKey: KEYS.privateKey }, clock });
    former = { installation: installationOf(simulated), owner: 'octo-org', repository: 'app' };
  });
  afterEach(async () => {
    jest.useRealTimers();
    await proxy.close();
    await served.close();
  });

  const rename = () => expect(simulated.service.control.renameRepository('octo-org', 'app', 'app-2')).toBe(true);
  const followed = () => proxy.seen.filter(({ path }) => path.includes('/repositories/')).map(({ method }) => method);

  test('what is read is read there', async () => {
    const [job = 0] = queue(simulated);
    rename();
    expect(await github.job(former, job)).toMatchObject({ kind: 'ok', value: { state: 'queued' } });
    expect(followed()).toEqual(['GET']);
  });

  test('a runner is registered there, with all that was sent', async () => {
    rename();
    expect(await github.registerRunner(former, RUNNER)).toMatchObject({ kind: 'ok' });
    const { name, labels } = RUNNER;
    expect(simulated.service.control.runners()).toMatchObject([{ name, labels, repo: 'app-2' }]);
    expect(followed()).toEqual(['POST']);
  });

  test('a runner is removed there', async () => {
    const registered = await github.registerRunner(former, RUNNER);
    rename();
    const id = registered.kind === 'ok' ? registered.value.id : 0;
    expect(await github.removeRunner(former, id)).toEqual({ kind: 'ok', value: undefined });
    expect(simulated.service.control.runners()).toEqual([]);
    expect(followed()).toEqual(['DELETE']);
  });
});
