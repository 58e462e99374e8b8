/** The ECS agent's part: from a task definition, as infra/ generates it, to a container of the engine. */
import type { Resource, Value } from '../../../infra/template.ts';
import { asked, type EngineApi } from './engine-api.ts';

/** What the agent registers as a container, as much of it as our task definitions use (ECS API, RegisterTaskDefinition). */
type ContainerDefinition = {
  Image: string;
  EntryPoint: string[];
  Command: string[];
  User?: string;
  Privileged?: boolean;
  ReadonlyRootFilesystem?: boolean;
  Memory: number;
  StopTimeout: number;
  Environment?: { Name: string; Value: string }[];
  Secrets?: { Name: string; ValueFrom: string }[];
  MountPoints?: { SourceVolume: string; ContainerPath: string; ReadOnly?: boolean }[];
  DockerSecurityOptions?: string[];
  Ulimits?: { Name: string; SoftLimit: number; HardLimit: number }[];
  LinuxParameters?: { InitProcessEnabled?: boolean; Capabilities?: { Add?: string[]; Drop?: string[] } };
};
type Volume = { Name: string; Host?: { SourcePath: string }; DockerVolumeConfiguration?: { Scope: string } };
export type TaskDefinition = { ContainerDefinitions: [ContainerDefinition]; Volumes: Volume[] };

export type Launch = {
  definition: TaskDefinition;
  /** Of RunTask's overrides, and what the agent itself adds. */
  environment: Record<string, string>;
  /** By ARN. */
  secrets: Record<string, string>;
  /** Of the stage: what every container gets to see. */
  binds: string[];
  machine: Machine;
};
/** What this machine lets a container have. A sandbox lacks capabilities of its own, and can give out none of them. */
export type Machine = { privilegedWorks: boolean; openFilesMax: number };

/** References and functions of CloudFormation in it are replaced. */
export function taskDefinitionOf(resource: Resource | undefined, mappings: Mappings): TaskDefinition {
  if (resource?.Type !== 'AWS::ECS::TaskDefinition') throw new Error('there is no such task definition');
  return resolve(resource.Properties ?? {}, mappings) as unknown as TaskDefinition;
}

export type Mappings = Record<string, Record<string, Record<string, Value>>>;

function resolve(value: Value, mappings: Mappings): Value {
  if (Array.isArray(value)) return value.map((one: Value) => resolve(one, mappings));
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, Value>);
  const [[name, argument] = ['', '']] = entries;
  if (entries.length === 1) {
    if (name === 'Ref') return argument === 'AWS::Region' ? 'eu-central-1' : `<${String(argument)}>`;
    if (name === 'Fn::GetAtt') return `<${JSON.stringify(argument)}>`;
    if (name === 'Fn::Sub') return String(argument);
    if (name === 'Fn::FindInMap') {
      const [map, first, second] = argument as [string, string, string];
      const found = mappings[map]?.[first]?.[second];
      if (found === undefined) throw new Error(`the template has no mapping ${map}.${first}.${second}`);
      return found;
    }
    if (name === 'Fn::Join') {
      const [between, parts] = argument as [string, Value[]];
      return parts.map((part) => String(resolve(part, mappings))).join(between);
    }
  }
  return Object.fromEntries(entries.map(([key, one]) => [key, resolve(one, mappings)]));
}

/** Its id. The container is made, not started. */
export async function createContainer(api: EngineApi, name: string, launch: Launch): Promise<string> {
  const { definition, environment, secrets } = launch;
  const [container] = definition.ContainerDefinitions;
  const all = {
    ...Object.fromEntries((container.Environment ?? []).map(({ Name, Value: value }) => [Name, value])),
    ...Object.fromEntries((container.Secrets ?? []).map(({ Name, ValueFrom }) => [Name, secrets[ValueFrom] ?? ''])),
    ...environment,
  };
  const { Id } = await asked<{ Id: string }>(api, 'POST', `/containers/create?name=${name}`, {
    Image: container.Image,
    Entrypoint: container.EntryPoint,
    Cmd: container.Command,
    ...(container.User !== undefined && { User: container.User }),
    Env: Object.entries(all).map(([key, value]) => `${key}=${value}`),
    StopTimeout: container.StopTimeout,
    HostConfig: {
      Init: container.LinuxParameters?.InitProcessEnabled ?? false,
      Memory: container.Memory * 1024 * 1024,
      ReadonlyRootfs: container.ReadonlyRootFilesystem ?? false,
      Binds: [...launch.binds, ...bindsOf(definition, name)],
      Ulimits: (container.Ulimits ?? []).map(({ Name, SoftLimit, HardLimit }) => ({
        Name,
        Soft: Math.min(SoftLimit, launch.machine.openFilesMax),
        Hard: Math.min(HardLimit, launch.machine.openFilesMax),
      })),
      ...rights(container, launch.machine),
    },
  });
  return Id;
}

/** A volume of the task's scope is one of Docker's, named after the task. */
function bindsOf({ ContainerDefinitions: [container], Volumes }: TaskDefinition, name: string): string[] {
  return (container.MountPoints ?? []).map(({ SourceVolume, ContainerPath, ReadOnly }) => {
    const volume = Volumes.find(({ Name }) => Name === SourceVolume);
    const source = volume?.Host?.SourcePath ?? `${name}-${SourceVolume}`;
    return `${source}:${ContainerPath}${ReadOnly ? ':ro' : ''}`;
  });
}

function rights(container: ContainerDefinition, { privilegedWorks }: Machine): Record<string, unknown> {
  const { Add = [], Drop = [] } = container.LinuxParameters?.Capabilities ?? {};
  const options = (container.DockerSecurityOptions ?? []).map((option) => option.replace(':', '='));
  if (!container.Privileged) return { CapAdd: Add, CapDrop: Drop, SecurityOpt: options };
  return privilegedWorks ? { Privileged: true } : NEARLY_PRIVILEGED;
}

/** All that `Privileged` gives, but for the one capability that machines in a sandbox often lack themselves. */
const NEARLY_PRIVILEGED = {
  CapAdd: ['ALL'],
  CapDrop: ['SYS_RESOURCE'],
  SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
  MaskedPaths: [],
  ReadonlyPaths: [],
  DeviceCgroupRules: ['a *:* rwm'],
  Devices: ['loop-control', ...Array.from({ length: 8 }, (_, index) => `loop${index}`), 'fuse'].map((name) => ({
    PathOnHost: `/dev/${name}`,
    PathInContainer: `/dev/${name}`,
    CgroupPermissions: 'rwm',
  })),
  Mounts: [{ Type: 'bind', Source: '/sys/fs/cgroup', Target: '/sys/fs/cgroup' }],
};
