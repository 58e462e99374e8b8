/** Listening on this machine only. */
import type { FastifyInstance } from 'fastify';

/** Somebody else listens on the port, or this user may not. */
export class PortBusy extends Error {
  override name = 'PortBusy';
}

/** Gives the address as a URL without a slash at its end; `port` 0 is any free one. Throws `PortBusy`. */
export async function listen(app: FastifyInstance, port: number): Promise<string> {
  try {
    return await app.listen({ port, host: '127.0.0.1' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new PortBusy(`port ${port} is busy`, { cause: error });
    if (code === 'EACCES') throw new PortBusy(`port ${port} is not for this user`, { cause: error });
    throw error;
  }
}
