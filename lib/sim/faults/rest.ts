/** GitHub's REST API as it is when one route fails: with nothing done, with all done, by a limit, or by a cut connection. */
import type { Chance } from '../chance.ts';
import { BAD_GATEWAY, CUT, failure, notFound, type RestAnswer, type RestRequest } from '../github-service/answers.ts';
import type { Rest, RestOptions } from '../github-service/rest.ts';
import type { Knobs, RouteName } from './knobs.ts';

/** `502` and `limited`: nothing is done. `lost` and `cut`: it is done, and the answer says otherwise, or there is none. */
export const KINDS = ['502', 'lost', 'cut', 'limited'] as const;

const PATHS: readonly [method: string, path: RegExp, route: RouteName][] = [
  ['POST', /\/generate-jitconfig$/, 'jitconfig'],
  ['DELETE', /\/actions\/runners\/\d+$/, 'removal'],
  ['GET', /\/actions\/runners$/, 'runners'],
  ['GET', /\/actions\/jobs\/\d+$/, 'job'],
  ['POST', /\/access_tokens$/, 'token'],
  ['GET', /\/actions\/runs(\/|$)/, 'runs'],
  ['GET', /\/hook\/deliveries/, 'deliveries'],
  ['POST', /\/hook\/deliveries/, 'deliveries'],
];

/** Over the wire the App speaks for itself with a JWT, which begins as JSON in base64 does. */
const SIGNED_BY_APP = /^bearer eyJ/i;

export function faultyRest(rest: Rest, knobs: Knobs, chance: Chance): Rest {
  return async (request, options) => {
    if (knobs.githubDown > 0) return BAD_GATEWAY;
    if (chance.happens(knobs.accessLost) && !isAsApp(request, options)) return notFound();
    const route = routeOf(request);
    const happens = (kind: (typeof KINDS)[number]) => chance.happens(knobs.rest[`${route}.${kind}`] ?? 0);
    if (happens('502')) return BAD_GATEWAY;
    if (happens('limited')) return limited();
    const answer = await rest(request, options);
    if (happens('lost')) return BAD_GATEWAY;
    return happens('cut') ? CUT : answer;
  };
}

function isAsApp({ headers }: RestRequest, options?: RestOptions): boolean {
  return options?.asApp === true || SIGNED_BY_APP.test(headers['authorization'] ?? '');
}

function routeOf({ method, path }: RestRequest): RouteName | undefined {
  return PATHS.find(([ofMethod, ofPath]) => ofMethod === method && ofPath.test(path))?.[2];
}

function limited(): RestAnswer {
  const refusal = failure(
    403,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  );
  return { ...refusal, headers: { 'retry-after': '60' } };
}
