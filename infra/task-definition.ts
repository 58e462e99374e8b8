/** The task definition of a pool: the container of its runners, with no more privilege than its Docker mode needs. */

import type { FilePool } from '../lib/pools-file/schema.ts';
import { BOOTSTRAP_ENTRY_POINT, bootstrapCommand } from './bootstrap.ts';
import { capabilities } from './capabilities.ts';
import type { Settings } from './settings.ts';
import { attribute, found, type Mappings, type Resource, ref, type Value } from './template.ts';

export type TaskDefinitionInput = {
  deployment: string;
  settings: Settings;
  pool: FilePool;
  taskRole: Value;
  /** Logical id of the log group. */
  logs: string;
};

/** Seconds from SIGTERM to SIGKILL; a job that runs longer than that is not waited for. */
const STOP_TIMEOUT_SECONDS = 120;
/** Open files per process, as on GitHub's own machines. */
const OPEN_FILES = 65_536;
/** What a process, such as an inner Docker daemon, may raise that to: the kernel's own limit (fs.nr_open). */
const OPEN_FILES_MAX = 1_048_576;

/** Where the bootstrap's text stands once for all pools: a template holds 1 MB. */
const COMMAND = ['Runner', 'container', 'command'] as const;

export function runnerMappings(): Mappings {
  const [name, key, label] = COMMAND;
  return { [name]: { [key]: { [label]: bootstrapCommand() } } };
}

export function taskDefinition(input: TaskDefinitionInput): Resource {
  const { deployment, pool } = input;
  return {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      Family: `${deployment}-${pool.name}`,
      RequiresCompatibilities: ['EC2'],
      NetworkMode: 'bridge',
      Cpu: String(pool.cpu),
      Memory: String(pool.memory),
      RuntimePlatform: {
        OperatingSystemFamily: 'LINUX',
        CpuArchitecture: pool.architecture === 'arm64' ? 'ARM64' : 'X86_64',
      },
      ExecutionRoleArn: attribute('ExecutionRole', 'Arn'),
      TaskRoleArn: input.taskRole,
      Volumes: mountsOf(pool).map(({ Name, ...of }) => ({ Name, ...of.volume })),
      ContainerDefinitions: [container(input)],
    },
  };
}

function container({ settings, pool, logs }: TaskDefinitionInput): Value {
  const credentials = pool.registryCredentials ?? settings.registryCredentials;
  return {
    Name: 'runner',
    Image: pool.image ?? settings.image,
    Essential: true,
    // Of the task alone, a limit in memory would bind no container (cgroup v2).
    Cpu: pool.cpu,
    Memory: pool.memory,
    // Whatever the image says: the bootstrap stays root, the job becomes the image's runner user.
    User: '0',
    EntryPoint: [...BOOTSTRAP_ENTRY_POINT],
    Command: found(...COMMAND),
    StopTimeout: STOP_TIMEOUT_SECONDS,
    Ulimits: [{ Name: 'nofile', SoftLimit: OPEN_FILES, HardLimit: OPEN_FILES_MAX }],
    ...privileges(pool),
    Environment: environment(pool),
    ...(pool.dockerLogin !== undefined && {
      Secrets: [{ Name: 'ECS_RUNNERS_DOCKER_LOGIN', ValueFrom: pool.dockerLogin }],
    }),
    MountPoints: mountsOf(pool).map(({ Name, path, readOnly }) => ({
      SourceVolume: Name,
      ContainerPath: path,
      ReadOnly: readOnly,
    })),
    ...(credentials !== undefined && { RepositoryCredentials: { CredentialsParameter: credentials } }),
    LogConfiguration: {
      LogDriver: 'awslogs',
      Options: {
        'awslogs-group': ref(logs),
        'awslogs-region': ref('AWS::Region'),
        'awslogs-stream-prefix': 'runner',
        // A log that cannot be delivered must not stop a job.
        mode: 'non-blocking',
        'max-buffer-size': '4m',
      },
    },
  };
}

/** No init of Docker's: it would keep the ticket in its environment, where every step could read it. */
function privileges({ docker, privileged, sudo, securityOptions = [] }: FilePool): Record<string, Value> {
  const options = [...(sudo ? [] : ['no-new-privileges']), ...securityOptions];
  return {
    Privileged: docker === 'dind' && privileged !== false,
    // A daemon inside that is not privileged has the sysbox runtime below it, which gives out capabilities itself.
    ...(docker !== 'dind' && { LinuxParameters: { Capabilities: { Drop: ['ALL'], Add: capabilities(sudo) } } }),
    ...(options.length > 0 && { DockerSecurityOptions: options }),
  };
}

/** The region for SDKs in jobs; agents of ECS set it since 2026 only. */
function environment({ docker, registryMirror, dockerStoreGiB }: FilePool): Value {
  const variables = {
    ECS_RUNNERS_DOCKER: docker,
    AWS_REGION: ref('AWS::Region'),
    AWS_DEFAULT_REGION: ref('AWS::Region'),
    ...(registryMirror !== undefined && { ECS_RUNNERS_REGISTRY_MIRROR: registryMirror }),
    ...(dockerStoreGiB !== undefined && { ECS_RUNNERS_DOCKER_STORE_GIB: String(dockerStoreGiB) }),
  };
  return Object.entries(variables).map(([Name, Value]) => ({ Name, Value }));
}

type Mount = { Name: string; path: string; readOnly: boolean; volume: Record<string, Value> };

/**
 * `dind`: the inner daemon's data are not on the container's own layered file system. `socket`: the instance's daemon,
 * behind the proxy that jobs talk to, and a folder at the same path on both sides, for what jobs mount.
 */
function mountsOf({ docker }: FilePool): Mount[] {
  if (docker === 'dind') {
    const volume = { DockerVolumeConfiguration: { Scope: 'task', Driver: 'local' } };
    return [{ Name: 'docker', path: '/var/lib/docker', readOnly: false, volume }];
  }
  if (docker === 'none') return [];
  return [
    {
      Name: 'docker-socket',
      path: '/var/run/ecs-runners/docker.sock',
      readOnly: true,
      volume: { Host: { SourcePath: '/var/run/docker.sock' } },
    },
    {
      Name: 'shared',
      path: '/var/lib/ecs-runners',
      readOnly: false,
      volume: { Host: { SourcePath: '/var/lib/ecs-runners' } },
    },
  ];
}
