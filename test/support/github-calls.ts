/** Every call that reaches the simulated GitHub, with the time and what it was answered. */
import type { RestAnswer } from '../../lib/sim/github-service/answers.ts';
import type { Rest } from '../../lib/sim/github-service/rest.ts';

/** `at`: ms since 1970. `points`: of the secondary limit. `owner`: absent in calls of the App itself and of whole installations. */
export type SeenCall = { at: number; method: string; path: string; owner?: string; points: number; status: number };

export type GitHubCalls = { rest: (rest: Rest) => Rest; calls: SeenCall[]; use: (clock: { now(): number }) => void };

/** Answers in GitHub's place. */
type Instead = (path: string) => RestAnswer | undefined | Promise<RestAnswer>;

/** To be given to a stage as its `rest`, and its clock afterwards. */
export function recordCalls(instead: Instead = () => undefined): GitHubCalls {
  const calls: SeenCall[] = [];
  let clock = { now: () => 0 };
  return {
    calls,
    use: (given) => {
      clock = given;
    },
    rest: (rest) => async (request, options) => {
      const { method, path } = request;
      const [, owner] = /^\/(?:orgs|repos)\/([^/]+)/.exec(path) ?? [];
      const call = { at: clock.now(), method, path, points: method === 'GET' ? 1 : 5, status: 0 };
      const seen: SeenCall = { ...call, ...(owner !== undefined && { owner }) };
      calls.push(seen);
      const answer = (await instead(path)) ?? (await rest(request, options));
      seen.status = answer.status;
      return answer;
    },
  };
}

/** The most in any minute, of these calls. */
export function pointsInMinuteMost(calls: readonly SeenCall[]): number {
  let [most, sum, first] = [0, 0, 0];
  for (const { at, points } of calls) {
    sum += points;
    for (let oldest = calls[first]; oldest !== undefined && at - oldest.at >= 60_000; oldest = calls[first]) {
      sum -= oldest.points;
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}

export function refused(calls: readonly SeenCall[]): SeenCall[] {
  return calls.filter(({ status }) => status === 403 || status === 429);
}
