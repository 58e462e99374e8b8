/** REST: how long GitHub takes runners of a version (GitHub changelog, 2026-09-03; not in GitHub's OpenAPI description 23.0.2). */
import { answer, notFound, type RestAnswer } from './answers.ts';
import type { RestCall, Route } from './rest.ts';
import { both } from './rest-runners.ts';

export const releaseRoutes: readonly Route[] = both('GET', '/runners/deprecations/{version}', 'read', getDeprecation);

/** A time that is not set was seen as null, and left out. A version that was never released is not found. */
function getDeprecation({ hub, params }: RestCall): RestAnswer {
  const version = params['version'] ?? '';
  const release = hub.books.releases.get(version);
  if (release === undefined) return notFound();
  const { jobsUntil, registrationUntil } = release;
  return answer(200, {
    runner_version: version,
    runtime_deprecates_at: jobsUntil === undefined ? null : iso(jobsUntil),
    ...(registrationUntil !== undefined && { registration_deprecates_at: iso(registrationUntil) }),
  });
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
