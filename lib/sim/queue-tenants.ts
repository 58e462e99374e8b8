/**
 * Whose message is next. AWS docs, "How Amazon SQS fair queues work": a tenant with more than 10 % of the messages in
 * flight, and at least 30, is noisy; quiet tenants come first, then the noisy one with the fewest in flight; a tenant is
 * noisy no longer when its backlog is empty or it has sent nothing for 5 minutes. (AWS also looks at shares of
 * processing time, without saying over what time; that is left out here, so that the simulated queue is less fair.)
 */
import type { Chance } from './chance.ts';
import type { SimClock } from './clock.ts';

const NOISY_IN_FLIGHT_MIN = 30;
const NOISY_SHARE = 0.1;
const QUIET_AFTER_MS = 5 * 60_000;
/** A standard queue keeps order only roughly: the next one is among so many of the oldest. */
const DISORDER = 10;

type Message = { tenant: string };
/** `order`: when it became visible, as a rising number. */
type Waiting<Visible> = { message: Visible; order: number };

export type Tenants<Visible extends Message> = {
  sent(tenant: string): void;
  /** Visible now. */
  add(message: Visible): void;
  /** The next one, in flight from now on. */
  take(): Visible | undefined;
  /** No longer visible, and never in flight. */
  withdraw(message: Visible): void;
  /** One of its messages is no longer in flight. */
  landed(tenant: string): void;
};

type Tenant<Visible> = { visible: Waiting<Visible>[]; inFlight: number; sentAt: number; noisy: boolean };

export function createTenants<Visible extends Message>(clock: SimClock, chance: Chance): Tenants<Visible> {
  const tenants = new Map<string, Tenant<Visible>>();
  let inFlight = 0;
  let order = 0;

  function tenantOf(name: string): Tenant<Visible> {
    const tenant = tenants.get(name) ?? { visible: [], inFlight: 0, sentAt: clock.now(), noisy: false };
    tenants.set(name, tenant);
    return tenant;
  }

  /** Tenants of single messages come and go by the thousand. */
  function forgetEmpty(name: string, tenant: Tenant<Visible>): void {
    if (tenant.visible.length === 0) tenant.noisy = false;
    if (tenant.visible.length === 0 && tenant.inFlight === 0) tenants.delete(name);
  }

  return {
    sent: (name) => {
      tenantOf(name).sentAt = clock.now();
    },
    add: (message) => {
      tenantOf(message.tenant).visible.push({ message, order: ++order });
    },
    take: () => {
      const message = next([...tenants.values()], clock.now(), chance);
      if (message === undefined) return undefined;
      const tenant = tenantOf(message.tenant);
      drop(tenant, message);
      tenant.inFlight += 1;
      inFlight += 1;
      if (tenant.inFlight >= NOISY_IN_FLIGHT_MIN && tenant.inFlight > inFlight * NOISY_SHARE) tenant.noisy = true;
      forgetEmpty(message.tenant, tenant);
      return message;
    },
    withdraw: (message) => {
      const tenant = tenantOf(message.tenant);
      drop(tenant, message);
      forgetEmpty(message.tenant, tenant);
    },
    landed: (name) => {
      const tenant = tenantOf(name);
      tenant.inFlight -= 1;
      inFlight -= 1;
      forgetEmpty(name, tenant);
    },
  };
}

function drop<Visible>(tenant: Tenant<Visible>, message: Visible): void {
  tenant.visible.splice(
    tenant.visible.findIndex((waiting) => waiting.message === message),
    1,
  );
}

function next<Visible>(tenants: Tenant<Visible>[], now: number, chance: Chance): Visible | undefined {
  const waiting = tenants.filter(({ visible }) => visible.length > 0);
  const quiet = waiting.filter(({ noisy, sentAt }) => !noisy || now - sentAt >= QUIET_AFTER_MS);
  const first = quiet.length > 0 ? quiet : waiting.sort((one, other) => one.inFlight - other.inFlight).slice(0, 1);
  return chance.pick(oldest(first))?.message;
}

/** The oldest messages of all these tenants, which are among the oldest of the tenants with the oldest first ones. */
function oldest<Visible>(tenants: Tenant<Visible>[]): Waiting<Visible>[] {
  const byOrder = (one: Waiting<Visible>, other: Waiting<Visible>) => one.order - other.order;
  const firsts = tenants.flatMap((tenant) => tenant.visible.slice(0, 1).map((first) => ({ ...first, tenant })));
  const chosen = firsts.sort(byOrder).slice(0, DISORDER);
  return chosen
    .flatMap(({ tenant }) => tenant.visible.slice(0, DISORDER))
    .sort(byOrder)
    .slice(0, DISORDER);
}
