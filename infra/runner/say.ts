/** One line of the bootstrap, beside the runner's own in the same log stream. Never given a secret. */
export function say(text: string): void {
  process.stdout.write(`[bootstrap] ${text}\n`);
}
