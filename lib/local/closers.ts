/** What has been started, so that all of it can be ended: the last one first. */
export type Closing = { close(): unknown };

export type Closers = {
  /** Gives back what it was given; what comes after `closeAll` is closed at once. */
  add<Started extends Closing>(started: Started): Started;
  /** Goes on when one of them cannot be closed; throws the first such error at the end. */
  closeAll(): Promise<void>;
};

export function closers(): Closers {
  const all: Closing[] = [];
  let closed = false;
  return {
    add: (started) => {
      if (closed) void started.close();
      else all.push(started);
      return started;
    },
    closeAll: async () => {
      closed = true;
      const errors: unknown[] = [];
      for (const one of all.splice(0).reverse()) {
        try {
          await one.close();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
