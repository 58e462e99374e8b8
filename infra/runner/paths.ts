/** What a job finds, and what stands behind it: only root gets to the latter. */
export const JOB_SOCKET = '/var/run/docker.sock';
export const ENGINE_SOCKET = '/var/run/ecs-runners/docker.sock';

/** How jobs may call it: one is mostly a link to the other. */
export const SOCKET_PATHS = [JOB_SOCKET, '/run/docker.sock'];

/** Of the instance, at the same path in the container: its engine resolves the paths of a job's mounts there. */
export const SHARED = '/var/lib/ecs-runners';
