/** It cannot start; the message is all that is said. */
export class CannotStart extends Error {
  override name = 'CannotStart';
}
