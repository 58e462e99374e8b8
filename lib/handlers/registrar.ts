/** `POST /runners/{name}/registration`, `/started`, `/idle`: containers ask and report. */

import { withinBudget } from '../flows/budgeted.ts';
import type { Config } from '../flows/config.ts';
import { worldFor } from '../flows/observe.ts';
import type { RegistrationAnswer } from '../flows/register.ts';
import { register } from '../flows/register.ts';
import { idle, leaving, started } from '../flows/report.ts';
import type { World } from '../world.ts';
import type { HttpAnswer, HttpEvent } from './http.ts';
import { answer, header } from './http.ts';
import { projectLeaving, projectProof, projectStartedJob } from './registrar-body.ts';

export function registrarHandler(
  world: World,
  readConfig: () => Promise<Config>,
): (event: HttpEvent) => Promise<HttpAnswer> {
  return async (event) => {
    const name = event.pathParameters?.['name'] ?? '';
    const credential = /^Bearer ([0-9a-f]{64})$/i.exec(header(event, 'authorization') ?? '')?.[1]?.toLowerCase();
    if (credential === undefined) return FORBIDDEN;
    const config = await readConfig();
    const able = withinBudget(worldFor(world, config));
    if (event.rawPath.endsWith('/registration')) {
      const proof = projectProof(event);
      return registration(await register(able, config, { name, ticket: credential, ...(proof && { proof }) }));
    }
    if (event.rawPath.endsWith('/started')) {
      const noted = await started(able, config, { name, credential, job: projectStartedJob(event) });
      return noted.kind === 'forbidden' ? FORBIDDEN : answer(204);
    }
    if (event.rawPath.endsWith('/idle')) {
      const why = projectLeaving(event);
      const report = { name, credential };
      const said = await (why === undefined ? idle(able, config, report) : leaving(able, config, { ...report, why }));
      return said.kind === 'forbidden' ? FORBIDDEN : answer(200, { answer: said.kind, reason: said.reason });
    }
    return answer(404, { reason: 'no such route' });
  };
}

const FORBIDDEN: HttpAnswer = answer(401, { reason: 'the credential is missing, or not of this runner' });

function registration(result: RegistrationAnswer): HttpAnswer {
  if (result.kind === 'forbidden') return FORBIDDEN;
  if (result.kind === 'unproven') return answer(403, { reason: result.reason });
  if (result.kind === 'gone') return answer(410, { reason: result.reason });
  if (result.kind === 'wait' || result.kind === 'warm') {
    const { kind, reason, retryAfterSeconds } = result;
    const headers = { 'retry-after': String(retryAfterSeconds) };
    return answer(503, { reason, ...(kind === 'warm' && { warm: true }) }, headers);
  }
  const { kind: _, ...granted } = result;
  return answer(200, granted);
}
