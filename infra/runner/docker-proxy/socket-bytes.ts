/** Bytes of a socket as somebody wants them: what nobody asked for stays with the sender. Nothing in here rejects. */
import type { Socket } from 'node:net';

export type Source = {
  /** One byte at least; `undefined`: no more will come. */
  some: () => Promise<Buffer | undefined>;
  /** Whether more comes; it is kept. */
  peek: () => Promise<boolean>;
  /** The rest of what `some` gave. */
  giveBack: (bytes: Buffer) => void;
  /** Whatever else comes is not for us. */
  close: () => void;
};

export function sourceOf(socket: Socket): Source {
  let ahead: Promise<Buffer | undefined> | undefined;
  let isClosed = false;
  let wake = () => {};
  const changed = () => wake();
  socket.on('readable', changed).on('end', changed).on('close', changed);

  async function next(): Promise<Buffer | undefined> {
    while (!isClosed) {
      const bytes = socket.read();
      if (bytes) return bytes;
      if (socket.readableEnded || socket.destroyed) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return undefined;
  }

  const look = () => {
    ahead ??= next();
    return ahead;
  };
  return {
    async some() {
      const bytes = await look();
      ahead = undefined;
      return bytes;
    },
    async peek() {
      return (await look()) !== undefined;
    },
    giveBack(bytes) {
      if (bytes.length > 0) ahead = Promise.resolve(bytes);
    },
    close() {
      isClosed = true;
      ahead = undefined;
      wake();
    },
  };
}

/** Until the socket can take more, or never will. */
export async function write(socket: Socket, bytes: Buffer | string): Promise<void> {
  if (!socket.writable || socket.write(bytes, 'latin1')) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** All that comes, and its end. */
export async function pump(source: Source, sink: Socket): Promise<void> {
  while (sink.writable) {
    const bytes = await source.some();
    if (!bytes) break;
    await write(sink, bytes);
  }
  sink.end();
}

/**
 * Node.js destroys a socket that cannot be written to, with all that was not read from it yet: an answer of somebody who
 * did not want to hear more. Instead `tell` is called.
 */
export function forgiveWrites(socket: Socket, tell: () => void): void {
  const forgiving = (done: (error?: Error | null) => void) => (error?: Error | null) => {
    if (error) tell();
    done();
  };
  const { _write, _writev } = socket;
  socket._write = (chunk, encoding, done) => _write.call(socket, chunk, encoding, forgiving(done));
  socket._writev = (chunks, done) => _writev?.call(socket, chunks, forgiving(done));
}
