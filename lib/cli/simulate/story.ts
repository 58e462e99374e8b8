/** What happened in a simulated world, line by line; and a fingerprint of it, by which two runs are compared. */
import { createHash } from 'node:crypto';

export type Story = {
  tell: (who: string, what: string) => void;
  /** Kept only if somebody wants to read them. */
  lines: readonly string[];
  fingerprint: () => string;
};

export function createStory(now: () => number, isKept: boolean): Story {
  const hash = createHash('sha256');
  const lines: string[] = [];
  return {
    lines,
    tell: (who, what) => {
      const line = `${new Date(now()).toISOString().slice(5, 23).replace('T', ' ')}  ${who.padEnd(9)} ${what}`;
      hash.update(line);
      if (isKept) lines.push(line);
    },
    fingerprint: () => hash.copy().digest('hex').slice(0, 16),
  };
}
