/** Tickets and report credentials: HMACs of the runner's name, so that nothing has to be stored or looked up. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The one-time credential with which a starting task asks for its JIT configuration. Hex, 64 characters. */
export function ticketFor(secrets: readonly string[], name: string): string {
  return credential(newest(secrets), `register:${name}`);
}

/** The credential for `/started` and `/idle`, which only a container that swapped its ticket knows. */
export function reportCredentialFor(secrets: readonly string[], name: string): string {
  return credential(newest(secrets), `report:${name}`);
}

export function isTicket(secrets: readonly string[], name: string, given: string): boolean {
  return secrets.some((secret) => same(credential(secret, `register:${name}`), given));
}

export function isReportCredential(secrets: readonly string[], name: string, given: string): boolean {
  return secrets.some((secret) => same(credential(secret, `report:${name}`), given));
}

function credential(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function newest(secrets: readonly string[]): string {
  const [secret] = secrets;
  if (secret === undefined) throw new Error('There is no ticket secret: put one into the parameter ticket-secrets.');
  return secret;
}

function same(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
