/** A simulated STS: it hands out sessions of roles, and says whose a signed request is. */
import type { Chance } from './chance.ts';
import { scopeText, signature } from './signature.ts';

export type SessionCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };
/** ARN of the role, and the name that whoever assumes it has chosen. */
export type Session = { role: string; name: string };

export type StsRequest = { headers: Readonly<Record<string, string | undefined>>; body: string };
export type StsAnswer = { status: number; body: string };

export type StsService = {
  /** What AssumeRole gives. ECS assumes a task's role under the task's id. */
  assume(session: Session): SessionCredentials;
  answer(request: StsRequest): StsAnswer;
  /** Probability 0 … 1 that a request is answered 503. */
  setUnavailable(probability: number): void;
  /** How many requests were answered. */
  asked(): number;
};

/** Those that ECS hands out are good for six hours (AWS docs, "Task IAM role"). */
const SESSION_MS = 6 * 60 * 60 * 1000;
/** AWS docs, "Signature Version 4": a request has to arrive within five minutes of its time. */
export const SKEW_MS_MAX = 5 * 60 * 1000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/([\w/-]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

type Issued = SessionCredentials & { arn: string; expiresAt: number };

export type StsOptions = {
  clock: { now(): number };
  /** Its own: keys are drawn from it. */
  chance: Chance;
  region?: string;
  /** More where the caller's time runs faster than it can send requests. */
  skewMsMax?: number;
};

export function createStsService(options: StsOptions): StsService {
  const { clock, chance, region = 'us-east-1', skewMsMax = SKEW_MS_MAX } = options;
  const issued = new Map<string, Issued>();
  let unavailable = 0;
  let asked = 0;
  return {
    assume: (session) => {
      const credentials = newCredentials(issued.size, chance);
      issued.set(credentials.accessKeyId, { ...credentials, arn: arnOf(session), expiresAt: clock.now() + SESSION_MS });
      return credentials;
    },
    answer: (request) => {
      asked += 1;
      if (chance.happens(unavailable)) return failure(503, 'ServiceUnavailable');
      return identify(issued, request, { region, skewMsMax, now: clock.now() });
    },
    setUnavailable: (probability) => {
      unavailable = probability;
    },
    asked: () => asked,
  };
}

function newCredentials(number: number, chance: Chance): SessionCredentials {
  const random = () => Math.floor(chance.next() * 2 ** 48).toString(36);
  return {
    accessKeyId: `ASIA${String(number).padStart(16, '0')}`,
    secretAccessKey: `secret-${random()}${random()}`,
    sessionToken: `token/${random()}+${random()}==`,
  };
}

/** The role's path is not in it. */
function arnOf({ role, name }: Session): string {
  const account = role.split(':')[4];
  return `arn:aws:sts::${account}:assumed-role/${role.slice(role.lastIndexOf('/') + 1)}/${name}`;
}

function identify(
  issued: ReadonlyMap<string, Issued>,
  { headers, body }: StsRequest,
  { region, skewMsMax, now }: { region: string; skewMsMax: number; now: number },
): StsAnswer {
  const [, keyId = '', given, signed = '', signedWith] = AUTHORIZATION.exec(headers['authorization'] ?? '') ?? [];
  const date = headers['x-amz-date'] ?? '';
  const scope = { date, region, service: 'sts' };
  if (signedWith === undefined) return failure(403, 'MissingAuthenticationToken');
  const credentials = issued.get(keyId);
  if (credentials === undefined || headers['x-amz-security-token'] !== credentials.sessionToken) {
    return failure(403, 'InvalidClientTokenId');
  }
  if (credentials.expiresAt <= now) return failure(403, 'ExpiredToken');
  const names = signed.split(';');
  const values = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));
  const isSigned = signature(credentials.secretAccessKey, scope, { headers: values, body }) === signedWith;
  const isOnTime = Math.abs(now - timeOf(date)) <= skewMsMax;
  if (!isSigned || given !== scopeText(scope) || !isOnTime) return failure(403, 'SignatureDoesNotMatch');
  if (body !== 'Action=GetCallerIdentity&Version=2011-06-15') return failure(400, 'InvalidAction');
  return { status: 200, body: identityXml(credentials.arn) };
}

/** Milliseconds since 1970; not a number for what is no time. */
function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, '$1-$2-$3:$4:'));
}

function identityXml(arn: string): string {
  const [, , , , account, path = ''] = arn.split(':');
  const result = `<Arn>${arn}</Arn><UserId>AROASIMULATED:${path.split('/')[2]}</UserId><Account>${account}</Account>`;
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
}

function failure(status: number, code: string): StsAnswer {
  return {
    status,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>refused</Message></Error></ErrorResponse>`,
  };
}
