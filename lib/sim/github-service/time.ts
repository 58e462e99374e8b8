/** Dates as GitHub writes them. */

/** Whole seconds, UTC. */
export function dateText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
