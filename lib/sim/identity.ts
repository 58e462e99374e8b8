/** The port `Identity` in process, over the simulated STS. */
import type { Identity, Proof } from '../world.ts';
import type { StsService } from './sts-service.ts';

const HOST = 'sts.us-east-1.amazonaws.com';
const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

export function createSimIdentity(service: StsService): Identity {
  return {
    signer: async (runner, proof) => {
      if (!isMadeOut(proof))
        return { kind: 'refused', reason: 'it is not made out to one runner, or not for this STS' };
      const { status, body } = service.answer({ headers: headersFor(runner, proof), body: BODY });
      const arn = /<Arn>(.*)<\/Arn>/.exec(body)?.[1];
      if (status === 200 && arn !== undefined) return { kind: 'ok', value: arn };
      return {
        kind: status >= 500 ? 'retry' : 'refused',
        reason: `STS answers ${status} ${/<Code>(\w*)/.exec(body)?.[1]}`,
      };
    },
  };
}

/** STS itself asks for no name. */
function isMadeOut({ authorization, host }: Proof): boolean {
  const signed = /SignedHeaders=([^,]*)/.exec(authorization)?.[1]?.split(';') ?? [];
  return host === HOST && signed.includes('x-ecs-runners-name');
}

function headersFor(runner: string, proof: Proof): Record<string, string> {
  return {
    ...proof,
    host: HOST,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-ecs-runners-name': runner,
  };
}
