import { afterEach, jest } from '@jest/globals';
import { createGitHub } from '../../lib/live/github.ts';
import { serveGitHub } from '../../lib/local/github.ts';
import { createSimGitHub } from '../../lib/sim/github.ts';
import { githubLostContract } from '../support/contract-github-lost.ts';
import { useFakeDate } from '../support/fake-date.ts';
import { APP_ID, KEYS, START } from '../support/github-service.ts';

afterEach(() => {
  jest.useRealTimers();
});

githubLostContract('GitHub over the wire', async ({ service, clock }) => {
  const { url, close } = await serveGitHub({ service, port: 0 });
  // Octokit's auth-app reads the age of a token from Date.
  useFakeDate(START);
  return {
    github: createGitHub({ url, app: { appId: APP_ID, privateKey: KEYS.privateKey }, clock }),
    passed: () => jest.setSystemTime(clock.now()),
    close,
  };
});

githubLostContract('the simulated GitHub in process', async ({ service, clock }) => ({
  github: createSimGitHub(service, clock),
  close: async () => service.close(),
}));
