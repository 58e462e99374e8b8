/**
 * The queue in process, as a standard SQS queue behaves: at least once, in no certain order, with delays, visibility,
 * receive counts, dead letters and fair-queue tenants.
 */
import type { Queue } from '../world.ts';
import type { Chance } from './chance.ts';
import { type SimClock, sleep } from './clock.ts';
import { createTenants } from './queue-tenants.ts';

/** SQS docs: DelaySeconds is 0 … 900. */
const DELAY_SECONDS_MAX = 900;

export type SimQueueSettings = {
  clock: SimClock;
  chance: Chance;
  visibilitySeconds: number;
  /** A message that was received so often and not removed becomes a dead letter. */
  maxReceiveCount: number;
  /** Share of receives after which the message comes once more, whether it is removed or not; 0 … 1. */
  duplicates?: number | (() => number);
  /** Of each `send`: half of it passes before the effect, half after it. */
  latencyMs?: number;
  /** Called with `queue.send` just before the effect; if it throws, nothing was sent. */
  before?: (operation: string) => void;
  /** Called just after the effect; if it throws, the answer is lost. */
  after?: (operation: string) => void;
};

export type ReceivedMessage = {
  id: string;
  /** Good for removing until the message is received again. */
  receipt: string;
  /** JSON, as it was sent. */
  body: string;
  /** 1 at the first time. */
  receives: number;
  /** Milliseconds since 1970. */
  sentAt: number;
  group?: string;
};

export type SimQueue = Queue & {
  /** As another AWS service sends: any text, no latency, no faults. */
  deliver(body: string, options?: { delaySeconds?: number; group?: string }): void;
  /** At most 10 visible messages; they are invisible from now on, until they are removed or their time is over. */
  receive(max: number): ReceivedMessage[];
  /** False: the receipt is out of date, and the message stays. */
  remove(receipt: string): boolean;
  /** The message becomes visible after so many seconds from now (0: at once). */
  changeVisibility(receipt: string, seconds: number): boolean;
  /** Called whenever messages have become visible; the returned function ends it. */
  onVisible(listener: () => void): () => void;
  /** What is really in it. */
  counts(): { visible: number; inFlight: number; delayed: number; deadLetters: number };
  deadLetters(): ReceivedMessage[];
};

/** `cancel` ends the timer after which it becomes visible. */
type Stored = ReceivedMessage & { state: 'delayed' | 'visible' | 'in flight'; tenant: string; cancel?: () => void };

/** SQS docs, ReceiveMessage: at most 10. */
const RECEIVED_MAX = 10;

export function createSimQueue(settings: SimQueueSettings): SimQueue {
  const { clock, chance, visibilitySeconds, maxReceiveCount, duplicates = 0, latencyMs = 0 } = settings;
  const shareOfDuplicates = typeof duplicates === 'number' ? () => duplicates : duplicates;
  const tenants = createTenants<Stored>(clock, chance);
  const stored = new Map<string, Stored>();
  const dead: Stored[] = [];
  const listeners = new Set<() => void>();
  let sent = 0;

  function add(message: { id: string; body: string; sentAt: number; receives: number; group?: string }): Stored {
    const key = `${++sent}`;
    const tenant = message.group ?? `without a group ${key}`;
    const added: Stored = { ...message, receipt: key, tenant, state: 'delayed' };
    stored.set(added.receipt, added);
    return added;
  }

  function show(message: Stored): void {
    delete message.cancel;
    if (message.state === 'in flight') tenants.landed(message.tenant);
    if (message.receives >= maxReceiveCount) {
      stored.delete(message.receipt);
      dead.push(message);
      return;
    }
    message.state = 'visible';
    tenants.add(message);
    for (const listener of listeners) listener();
  }

  function showAfter(message: Stored, seconds: number): void {
    message.cancel?.();
    if (seconds <= 0) show(message);
    else message.cancel = clock.after(seconds * 1000, () => show(message));
  }

  function deliver(body: string, options: { delaySeconds?: number; group?: string } = {}): void {
    const { delaySeconds = 0, group } = options;
    const message = add({
      id: `message-${sent + 1}`,
      body,
      sentAt: clock.now(),
      receives: 0,
      ...(group === undefined ? {} : { group }),
    });
    tenants.sent(message.tenant);
    showAfter(message, Math.min(DELAY_SECONDS_MAX, Math.max(0, Math.ceil(delaySeconds))));
  }

  function take(): ReceivedMessage | undefined {
    const message = tenants.take();
    if (message === undefined) return undefined;
    stored.delete(message.receipt);
    message.receives += 1;
    message.state = 'in flight';
    message.receipt = `${++sent}`;
    stored.set(message.receipt, message);
    if (chance.happens(shareOfDuplicates())) duplicate(message);
    showAfter(message, visibilitySeconds);
    return received(message);
  }

  /** It counts its receives by itself, and has not been received. */
  function duplicate(message: Stored): void {
    showAfter(add({ ...received(message), receives: message.receives - 1 }), chance.between(0, visibilitySeconds));
  }

  function remove(receipt: string): boolean {
    const message = stored.get(receipt);
    if (message === undefined) return false;
    message.cancel?.();
    if (message.state === 'in flight') tenants.landed(message.tenant);
    if (message.state === 'visible') tenants.withdraw(message);
    return stored.delete(receipt);
  }

  return {
    send: async (messages) => {
      if (latencyMs > 0) await sleep(clock, latencyMs / 2);
      settings.before?.('queue.send');
      for (const { body, ...options } of messages) deliver(JSON.stringify(body), options);
      settings.after?.('queue.send');
      if (latencyMs > 0) await sleep(clock, latencyMs / 2);
    },
    deliver,
    receive: (max) => {
      const messages: ReceivedMessage[] = [];
      while (messages.length < Math.min(max, RECEIVED_MAX)) {
        const message = take();
        if (message === undefined) break;
        messages.push(message);
      }
      return messages;
    },
    remove,
    changeVisibility: (receipt, seconds) => {
      const message = stored.get(receipt);
      if (message?.state !== 'in flight') return false;
      showAfter(message, seconds);
      return true;
    },
    onVisible: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    counts: () => counts([...stored.values()], dead.length),
    deadLetters: () => dead.map(received),
  };
}

function received({ id, receipt, body, receives, sentAt, group }: Stored): ReceivedMessage {
  return { id, receipt, body, receives, sentAt, ...(group === undefined ? {} : { group }) };
}

function counts(stored: readonly Stored[], deadLetters: number) {
  const of = (state: Stored['state']) => stored.filter((message) => message.state === state).length;
  return { visible: of('visible'), inFlight: of('in flight'), delayed: of('delayed'), deadLetters };
}
