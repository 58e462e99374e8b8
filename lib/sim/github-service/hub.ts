/** What every part of the simulated GitHub works on. */
import type { Chance } from '../chance.ts';
import type { StoppableClock } from '../stoppable-clock.ts';
import type { Books, Job } from './books.ts';
import type { Faults } from './faults.ts';

export type Action = 'queued' | 'waiting' | 'in_progress' | 'completed';

export type Hub = {
  books: Books;
  time: StoppableClock;
  chance: Chance;
  /** Replaced as a whole when switches are set. */
  faults: Readonly<Faults>;
  ids: Ids;
  /** Sends the webhook of what has just happened to the job. */
  announce: (job: Job, action: Action) => void;
};

/** Each kind has a range of its own, rising; job ids are beyond 2^31 as on github.com. */
export type Ids = Record<
  'owner' | 'installation' | 'repository' | 'group' | 'runner' | 'run' | 'job' | 'delivery',
  () => number
>;

export function risingIds(chance: Chance): Ids {
  function from(start: number, gapMost = 1): () => number {
    let last = start;
    return () => {
      last += chance.between(1, gapMost);
      return last;
    };
  }
  return {
    owner: from(33_435_655, 900),
    installation: from(61_000_000, 900),
    repository: from(376_034_443, 900),
    group: from(1),
    runner: from(1000),
    run: from(36_000_000_000, 40),
    job: from(100_520_616_165, 40),
    delivery: from(24_600_000_000, 40),
  };
}

/** A version 4 UUID. */
export function uuid(chance: Chance): string {
  const text = hex(chance, 32);
  const variant = '89ab'.charAt(chance.between(0, 3));
  return [
    text.slice(0, 8),
    text.slice(8, 12),
    `4${text.slice(13, 16)}`,
    variant + text.slice(17, 20),
    text.slice(20),
  ].join('-');
}

export function hex(chance: Chance, digits: number): string {
  let text = '';
  while (text.length < digits) {
    text += Math.floor(chance.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return text.slice(0, digits);
}

export function randomBase64(chance: Chance, bytes: number): string {
  return Buffer.from(hex(chance, bytes * 2), 'hex').toString('base64');
}
