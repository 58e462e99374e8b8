/** What a container says to the registrar, and how it takes the answers. */
import { sleep } from './clock.ts';
import {
  type Container,
  EXIT_DONE,
  EXIT_KILLED,
  EXIT_NOT_BOOTED,
  EXIT_REFUSED,
  EXIT_WITHOUT_JOB,
  type RegistrarAnswer,
  wait,
} from './container-state.ts';
import type { StartedJob } from './github-service/runner-side.ts';

/** To have a JIT configuration; counted anew from the end of each time that the registrar told it to wait. */
const BOOT_MS_MAX = 5 * 60 * 1000;
/** Between attempts: doubling, with jitter. */
const RETRY_MS = { first: 1000, most: 30_000 };

export type Registration = { reportCredential: string; runnerName: string } & (
  | { jitConfig: string }
  | { registration: TokenRegistration }
);
/** For runners that register themselves. */
type TokenRegistration = { token: string; url: string; labels: string[]; group: string; scope: string };

/** The JIT configuration, or the code to end with. */
export async function register(container: Container): Promise<Registration | number> {
  const { clock, identity } = container.options;
  let deadline = clock.now() + BOOT_MS_MAX;
  for (let attempt = 0; !container.ended; attempt += 1) {
    const body = identity === undefined ? {} : { identity: identity(container.name) };
    const answer = await ask(container, 'registration', container.options.environment['ECS_RUNNERS_TICKET'], body);
    if (answer?.status === 200) return registrationOf(answer.body);
    if (answer?.status === 410) return EXIT_DONE;
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) return EXIT_REFUSED;
    const told = secondsToWait(answer);
    const waitMs =
      told === undefined ? backOffMs(container, attempt) : told * 1000 + container.options.chance.next() * 1000;
    if (told !== undefined) deadline = clock.now() + told * 1000 + BOOT_MS_MAX;
    if (clock.now() + waitMs > deadline) return EXIT_NOT_BOOTED;
    if ((await wait(container, waitMs)) === 'stop') return EXIT_WITHOUT_JOB;
  }
  return EXIT_KILLED;
}

function registrationOf(body: string): Registration | typeof EXIT_REFUSED {
  try {
    const read = JSON.parse(body) as Registration;
    const isComplete = 'jitConfig' in read ? read.jitConfig : read.registration.token;
    if (isComplete && read.reportCredential && read.runnerName) return read;
  } catch {
    // Not JSON: nothing that asking again would mend.
  }
  return EXIT_REFUSED;
}

/** What the runner's hook for started jobs knows, until it has been heard: nobody must take the runner for idle. Nobody waits for the answer. */
export async function reportStarted(container: Container, credential: string, started: StartedJob): Promise<void> {
  const { repository, runId, runAttempt, job } = started;
  for (let attempt = 0; !container.ended; attempt += 1) {
    const answer = await ask(container, 'started', credential, { repository, runId, runAttempt, job });
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) return;
    await sleep(container.options.clock, backOffMs(container, attempt));
  }
}

/** It ends without a job, for a reason of its own. Nobody waits for long. */
export async function reportLeaving(container: Container, credential: string, leaving: string): Promise<void> {
  await ask(container, 'idle', credential, { leaving });
}

/** Anything but a clear "go" means to stay. */
export async function reportIdle(container: Container, credential: string): Promise<'go' | 'stay'> {
  const answer = await ask(container, 'idle', credential, {});
  if (answer?.status !== 200) return 'stay';
  try {
    return (JSON.parse(answer.body) as { answer?: unknown }).answer === 'go' ? 'go' : 'stay';
  } catch {
    return 'stay';
  }
}

/** `undefined`: no answer. */
function ask(
  { options, name }: Container,
  what: string,
  credential: string | undefined,
  body: unknown,
): Promise<RegistrarAnswer | undefined> {
  const headers = { authorization: `Bearer ${credential ?? ''}`, 'content-type': 'application/json' };
  const path = `/runners/${encodeURIComponent(name)}/${what}`;
  return options.registrar({ path, headers, body: JSON.stringify(body) }).catch(() => undefined);
}

/** Of `Retry-After`, in seconds. */
function secondsToWait(answer: RegistrarAnswer | undefined): number | undefined {
  const seconds = Number.parseFloat(answer?.headers['retry-after'] ?? '');
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function backOffMs({ options }: Container, attempt: number): number {
  return Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** attempt) * (0.5 + options.chance.next() / 2);
}
