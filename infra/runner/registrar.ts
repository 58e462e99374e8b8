/** What the container asks of the registrar, and how it takes the answers. */
import { EXIT_DONE } from '../../lib/core/ending.ts';
import { EXIT_NO_DOCKER, EXIT_NOT_BOOTED, EXIT_REFUSED, EXIT_WITHOUT_JOB } from './exit-codes.ts';
import type { StartedJob } from './hooks.ts';
import { proveIdentity } from './identity.ts';
import { ANSWER_MS_MAX, BOOT_MS_MAX, LEAVING_WORD_MS_MAX, RETRY_FIRST_MS, RETRY_MS_MAX } from './limits.ts';
import { say } from './say.ts';
import { wait } from './wait.ts';

export type Self = { url: string; name: string };
export type Registration = { reportCredential: string; runnerName: string } & (
  | { jitConfig: string }
  | { registration: TokenRegistration }
);
/** For images that cannot take a JIT configuration: the runner registers itself. `url`: of the organisation or repository. */
export type TokenRegistration = {
  token: string;
  url: string;
  labels: string[];
  group: string;
  scope: 'organization' | 'repository';
};
/** An answer of the registrar; without a status there was none, and `text` says why. */
type Answer = { status?: number; retryAfterSeconds?: number; text: string };

export type Asking = {
  self: Self;
  ticket: string;
  environment: NodeJS.ProcessEnv;
  /** Docker is: a runner without it takes no job. */
  broken: AbortSignal;
  told: AbortSignal;
};

/** The registration, or the code to end with. */
export async function register({ self, ticket, environment, broken, told }: Asking): Promise<Registration | number> {
  const ends = AbortSignal.any([broken, told]);
  let deadline = Date.now() + BOOT_MS_MAX;
  let said = '';
  for (let attempt = 0; !ends.aborted; attempt += 1) {
    const answer = await askForRegistration(self, ticket, environment);
    const end = endOf(answer);
    if (end !== undefined) return end;
    const { retryAfterSeconds } = answer;
    const waitMs = retryAfterSeconds === undefined ? backOffMs(attempt) : (retryAfterSeconds + Math.random()) * 1000;
    if (retryAfterSeconds !== undefined) deadline = Date.now() + retryAfterSeconds * 1000 + BOOT_MS_MAX;
    if (Date.now() + waitMs > deadline) {
      say(`no registration within ${BOOT_MS_MAX / 60_000} minutes; the last answer: ${summary(answer)}`);
      return EXIT_NOT_BOOTED;
    }
    const text = waitingFor(answer, waitMs);
    if (text !== said) say(text);
    said = text;
    await wait(waitMs, ends);
  }
  if (broken.aborted) return EXIT_NO_DOCKER;
  say('told to stop before it was registered');
  return EXIT_WITHOUT_JOB;
}

/** Without a proof that there should be, it is not even asked: its refusal would be final. */
async function askForRegistration(self: Self, ticket: string, environment: NodeJS.ProcessEnv): Promise<Answer> {
  try {
    return await ask(self, 'registration', ticket, { identity: await proveIdentity(self.name, environment) });
  } catch (error) {
    return { text: `no proof of its role: ${(error as Error).message}` };
  }
}

/** A warm runner asks every few seconds, perhaps for hours: it says so once. */
function waitingFor(answer: Answer, waitMs: number): string {
  if (parsed(answer.text)['warm'] === true) return `warm: waits for a job (${reasonOf(answer)})`;
  return `not registered yet (${summary(answer)}); asking again in ${Math.ceil(waitMs / 1000)} s`;
}

/** `undefined`: to be asked again. */
function endOf(answer: Answer): Registration | number | undefined {
  const { status } = answer;
  if (status === undefined || status >= 500 || status === 429) return undefined;
  // Cut short on its way, perhaps without anybody noticing.
  if (status === 200 && !isWhole(answer.text)) return undefined;
  if (status === 200) return registrationOf(answer);
  if (status === 410) {
    say(`nobody needs this runner any more (${reasonOf(answer)}); ending`);
    return EXIT_DONE;
  }
  say(`the registrar refuses this runner: ${summary(answer)}`);
  return EXIT_REFUSED;
}

function registrationOf({ text }: Answer): Registration | number {
  const { jitConfig, registration, reportCredential, runnerName } = parsed(text);
  if (isText(reportCredential) && isText(runnerName)) {
    if (isText(jitConfig)) return { jitConfig, reportCredential, runnerName };
    if (isTokenRegistration(registration)) return { registration, reportCredential, runnerName };
  }
  say('the answer to the registration is not the registrar’s: what is behind ECS_RUNNERS_URL?');
  return EXIT_REFUSED;
}

function isTokenRegistration(value: unknown): value is TokenRegistration {
  const { token, url, labels, group } = (value ?? {}) as Partial<TokenRegistration>;
  return isText(token) && isText(url) && isText(group) && Array.isArray(labels);
}

/**
 * From now on nobody takes the runner for idle. It is said until it is heard, as long as the listener lives, so that a registrar that
 * is out of reach for a while does not make a working runner a silent one. Nobody waits for it. `job`: as far as it is known.
 */
export async function reportStarted(
  self: Self,
  credential: string,
  job: StartedJob | undefined,
  told: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt === 0 || !told.aborted; attempt += 1) {
    const { status } = await ask(self, 'started', credential, job);
    if (status !== undefined && status < 500 && status !== 429) return;
    await wait(backOffMs(attempt), told);
  }
}

/** Anything but a clear "go" means to stay. */
export async function reportIdle(self: Self, credential: string): Promise<'go' | 'stay'> {
  const answer = await ask(self, 'idle', credential);
  const isGo = answer.status === 200 && parsed(answer.text)['answer'] === 'go';
  say(isGo ? `idle; told to go: ${reasonOf(answer)}` : `idle; stays (${summary(answer)})`);
  return isGo ? 'go' : 'stay';
}

/** The container ends without a job, for a reason of its own: its registration can be removed now. */
export async function reportLeaving(self: Self, credential: string, leaving: string): Promise<void> {
  await ask(self, 'idle', credential, { leaving }, LEAVING_WORD_MS_MAX);
}

async function ask(
  { url, name }: Self,
  what: string,
  credential: string,
  body: object = {},
  answerMsMax = ANSWER_MS_MAX,
): Promise<Answer> {
  try {
    const answer = await fetch(`${url.replace(/\/+$/, '')}/runners/${encodeURIComponent(name)}/${what}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMsMax),
    });
    const retryAfterSeconds = secondsOf(answer.headers.get('retry-after'));
    const text = await answer.text();
    return { status: answer.status, text, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  } catch (error) {
    return { text: causeOf(error) };
  }
}

/** `Retry-After` in seconds; a date is not what the registrar sends. */
function secondsOf(header: string | null): number | undefined {
  const seconds = Number.parseFloat(header ?? '');
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return (cause as { code?: string }).code ?? cause.message;
}

/** An answer with its reason, never its whole body: that may hold a credential. */
function summary(answer: Answer): string {
  if (answer.status === undefined) return `no answer: ${answer.text}`;
  return `${answer.status}: ${reasonOf(answer)}`;
}

function reasonOf({ text }: Answer): string {
  const { reason } = parsed(text);
  return isText(reason) ? reason : 'without a reason';
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function backOffMs(attempt: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
}
