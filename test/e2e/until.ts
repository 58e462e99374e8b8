/** Waiting for what must come: bounded, and loud about what it was. */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 250;

/** Gives the first answer that is something. Throws with what was waited for when it does not come in time. */
export async function until<Value>(
  what: string,
  secondsMax: number,
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
): Promise<Value> {
  const deadline = performance.now() + secondsMax * 1000;
  while (true) {
    const value = await look();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited ${secondsMax} s in vain: ${what}`);
    await sleep(PAUSE_MS);
  }
}
