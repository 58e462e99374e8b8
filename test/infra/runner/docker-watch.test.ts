/** What is made of a Docker that breaks. */
import { expect, test } from '@jest/globals';
import { watchDocker } from '../../../infra/runner/docker-watch.ts';

test('before a job has come, nothing but the end: no job must meet it', () => {
  const watch = watchDocker();
  watch.breaks('the Docker daemon has died');
  expect(watch.broken.signal.aborted).toBe(true);
});

test('once a job has come, it is the job’s own business', () => {
  const watch = watchDocker();
  watch.kept = true;
  watch.breaks('the Docker daemon has died');
  expect(watch.broken.signal.aborted).toBe(false);
});
