/** What must hold between the settings of a pool's container. */
import { type Finding, problem, warning } from './findings.ts';
import type { SoundPool } from './schema.ts';

/** Settings that are missing or have problems of their own are left alone. */
export function checkContainerRules(pools: readonly SoundPool[]): Finding[] {
  return pools.flatMap((pool) => [
    ...(pool.docker === undefined ? [] : checkMode(pool, pool.docker)),
    ...checkSysbox(pool),
    ...checkToken(pool),
  ]);
}

type Docker = NonNullable<SoundPool['docker']>;

/** Which settings go with which Docker modes, and why with no other. */
const MODES: readonly {
  setting: keyof SoundPool;
  isSet: (pool: SoundPool) => boolean;
  modes: readonly Docker[];
  message: string;
}[] = [
  {
    setting: 'registryMirror',
    isSet: ({ registryMirror }) => registryMirror !== undefined,
    modes: ['dind'],
    message:
      'is for the Docker daemon inside the task, which only docker: dind has (the daemon of an instance is set up by its image): remove it',
  },
  {
    setting: 'dockerLogin',
    isSet: ({ dockerLogin }) => dockerLogin !== undefined,
    modes: ['dind', 'socket'],
    message:
      'is for what jobs pull with Docker, and docker: none has none (registryCredentials is for the pool’s own image): remove it',
  },
  {
    setting: 'dockerStoreGiB',
    isSet: ({ dockerStoreGiB }) => dockerStoreGiB !== undefined,
    modes: ['dind'],
    message: 'is for the Docker daemon inside the task, which only docker: dind has: remove it',
  },
  {
    setting: 'privileged',
    isSet: ({ privileged }) => privileged !== undefined,
    modes: ['dind'],
    message: 'is for docker: dind; with socket and none a container is never privileged: remove it',
  },
  {
    setting: 'sudo',
    isSet: ({ sudo }) => sudo === false,
    modes: ['socket', 'none'],
    message:
      'is false, but the Docker daemon inside the task (docker: dind) runs as root, and makes whoever may talk to it root: set docker: none, or leave it out',
  },
];

function checkMode(pool: SoundPool, docker: Docker): Finding[] {
  return MODES.filter(({ isSet, modes }) => isSet(pool) && !modes.includes(docker)).map(({ setting, message }) =>
    problem(['pools', pool.name, setting], message),
  );
}

/** The store is a file system in a file, and only the instance's root may mount one. */
function checkSysbox({ name, docker, privileged, dockerStoreGiB }: SoundPool): Finding[] {
  if (docker !== 'dind' || privileged !== false || dockerStoreGiB === undefined) return [];
  const message = 'needs a privileged container: remove it, or privileged: false';
  return [problem(['pools', name, 'dockerStoreGiB'], message)];
}

/** What such a token can do is GitHub's to say: for one hour it registers any number of runners, in the scope it is for. */
function checkToken({ name, registration, register }: SoundPool): Finding[] {
  if (registration !== 'token') return [];
  const scope = register === 'organization' ? ', which then get jobs of any repository in the organisation' : '';
  const advice = register === 'organization' ? '; with register: repository only that repository is at stake' : '';
  const message = `a job of this pool can read its token, which registers runners for an hour${scope}: keep to jit unless the image cannot take it${advice}`;
  return [warning(['pools', name, 'registration'], message)];
}
