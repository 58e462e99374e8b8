/** The containers of runners: what each Docker mode gives them, and that none has more than that. */
import { describe, expect, test } from '@jest/globals';
import { bootstrapCommand } from '../../infra/bootstrap.ts';
import { readSettings } from '../../infra/settings.ts';
import { runnerMappings, taskDefinition } from '../../infra/task-definition.ts';
import { parsePoolsFile } from '../../lib/pools-file.ts';
import { DEFAULT_SETTINGS } from '../support/deployment-settings.ts';

const LOGIN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:login-AbCdEf';
const OF_THE_BOOTSTRAP = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'];
const OF_SUDO = ['AUDIT_WRITE', 'FSETID', 'NET_BIND_SERVICE', 'SETFCAP', 'SYS_CHROOT'];

type Container = Record<string, unknown>;
type Definition = { ContainerDefinitions: [Container]; Volumes: unknown[] };

/** Of a pool with these settings beside what every pool must say. */
function definition(settings: string): Definition {
  const text = `pools:\n  p: { labels: [a], cpu: 1024, memory: 2048, max: 5, ${settings} }`;
  const parsed = parsePoolsFile(text, 'pools.yml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const [pool] = parsed.file.pools;
  if (pool === undefined) throw new Error('no pool');
  const input = { deployment: 'd', settings: readSettings(DEFAULT_SETTINGS), taskRole: 'role', logs: 'Logs' };
  return taskDefinition({ ...input, pool }).Properties as unknown as Definition;
}

function container(settings: string): Container {
  return definition(settings).ContainerDefinitions[0];
}

function capabilities(settings: string): unknown {
  return (container(settings)['LinuxParameters'] as { Capabilities: unknown } | undefined)?.Capabilities;
}

function variables(settings: string): Record<string, unknown> {
  const list = container(settings)['Environment'] as { Name: string; Value: unknown }[];
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}

describe('privileged', () => {
  test.each([
    ['docker: dind', true],
    ['docker: dind, privileged: true', true],
    ['docker: dind, privileged: false', false],
    ['docker: socket', false],
    ['docker: none', false],
  ])('with %s: %s', (settings, expected) => {
    expect(container(settings)['Privileged']).toBe(expected);
  });
});

describe('capabilities', () => {
  test.each([
    ['all that a job with sudo needs', 'docker: none', [...OF_THE_BOOTSTRAP, ...OF_SUDO]],
    ['the same with the instance’s daemon', 'docker: socket', [...OF_THE_BOOTSTRAP, ...OF_SUDO]],
    ['what the bootstrap needs, for jobs that never become root', 'docker: none, sudo: false', OF_THE_BOOTSTRAP],
    ['the same with the instance’s daemon', 'docker: socket, sudo: false', OF_THE_BOOTSTRAP],
  ])('%s: %s', (_, settings, expected) => {
    expect(capabilities(settings)).toEqual({ Drop: ['ALL'], Add: expected });
  });

  test('a daemon inside is privileged, or sysbox gives out the capabilities: ECS says nothing', () => {
    expect(container('docker: dind')).not.toHaveProperty('LinuxParameters');
    expect(container('docker: dind, privileged: false')).not.toHaveProperty('LinuxParameters');
  });

  test('none with which a container could pretend to be another on the bridge, load modules or look at others', () => {
    const dangerous = /NET_RAW|NET_ADMIN|SYS_ADMIN|SYS_MODULE|SYS_PTRACE|SYS_RAWIO|MKNOD|DAC_READ_SEARCH|ALL/;
    for (const docker of ['none', 'socket']) {
      const { Add } = capabilities(`docker: ${docker}`) as { Add: string[] };
      expect(Add.filter((name) => dangerous.test(name))).toEqual([]);
    }
  });
});

describe('security options', () => {
  test.each([
    ['docker: none', undefined],
    ['docker: none, sudo: false', ['no-new-privileges']],
    ['docker: none, securityOptions: ["apparmor:runner"]', ['apparmor:runner']],
    [
      'docker: socket, sudo: false, securityOptions: ["label:type:runner_t", "label:level:s0:c1,c2"]',
      ['no-new-privileges', 'label:type:runner_t', 'label:level:s0:c1,c2'],
    ],
    ['docker: dind, securityOptions: ["apparmor:runner"]', ['apparmor:runner']],
  ])('with %s', (settings, expected) => {
    expect(container(settings)['DockerSecurityOptions']).toEqual(expected);
  });
});

describe('mounts', () => {
  test.each([
    ['docker: none', [], []],
    [
      'docker: dind',
      [{ Name: 'docker', DockerVolumeConfiguration: { Scope: 'task', Driver: 'local' } }],
      [{ SourceVolume: 'docker', ContainerPath: '/var/lib/docker', ReadOnly: false }],
    ],
    [
      'docker: socket',
      [
        { Name: 'docker-socket', Host: { SourcePath: '/var/run/docker.sock' } },
        { Name: 'shared', Host: { SourcePath: '/var/lib/ecs-runners' } },
      ],
      [
        { SourceVolume: 'docker-socket', ContainerPath: '/var/run/ecs-runners/docker.sock', ReadOnly: true },
        { SourceVolume: 'shared', ContainerPath: '/var/lib/ecs-runners', ReadOnly: false },
      ],
    ],
  ])('with %s', (settings, volumes, mounts) => {
    expect(definition(settings).Volumes).toEqual(volumes);
    expect(container(settings)['MountPoints']).toEqual(mounts);
  });
});

describe('the environment', () => {
  const region = { AWS_REGION: { Ref: 'AWS::Region' }, AWS_DEFAULT_REGION: { Ref: 'AWS::Region' } };

  test.each([
    ['docker: none', { ECS_RUNNERS_DOCKER: 'none', ...region }],
    ['docker: socket', { ECS_RUNNERS_DOCKER: 'socket', ...region }],
    [
      'docker: dind, registryMirror: "https://mirror.example.com", dockerStoreGiB: 40',
      {
        ECS_RUNNERS_DOCKER: 'dind',
        ...region,
        ECS_RUNNERS_REGISTRY_MIRROR: 'https://mirror.example.com',
        ECS_RUNNERS_DOCKER_STORE_GIB: '40',
      },
    ],
  ])('with %s', (settings, expected) => {
    expect(variables(settings)).toEqual(expected);
  });

  test('a login comes as a secret of ECS, and is nowhere else', () => {
    const settings = `docker: dind, dockerLogin: "${LOGIN}"`;
    expect(container(settings)['Secrets']).toEqual([{ Name: 'ECS_RUNNERS_DOCKER_LOGIN', ValueFrom: LOGIN }]);
    expect(JSON.stringify({ ...container(settings), Secrets: [] })).not.toContain(LOGIN);
    expect(container('docker: dind')).not.toHaveProperty('Secrets');
  });
});

describe('the first process', () => {
  test('is the bootstrap, as root and alone: an init of Docker’s would keep the ticket in its environment', () => {
    for (const docker of ['dind', 'socket', 'none']) {
      expect(container(`docker: ${docker}`)).toMatchObject({ User: '0', EntryPoint: ['/usr/bin/env'] });
      expect(JSON.stringify(container(`docker: ${docker}`))).not.toContain('InitProcessEnabled');
    }
  });

  test('stands once in the template, for all pools', () => {
    const { 'Fn::FindInMap': [name, key, label] = [] } = container('docker: none')['Command'] as Record<
      string,
      string[]
    >;
    expect(runnerMappings()[String(name)]?.[String(key)]?.[String(label)]).toEqual(bootstrapCommand());
  });

  test('fits into what ECS keeps of a task definition, with all that a pool may say', () => {
    const settings = `docker: dind, dockerStoreGiB: 40, dockerLogin: "${LOGIN}", registryMirror: "https://${'m'.repeat(200)}"`;
    const whole = { ...container(settings), Command: bootstrapCommand() };
    // ECS quotas: 64 KB. What the stack's names add is below 2 KB.
    expect(JSON.stringify({ ...definition(settings), ContainerDefinitions: [whole] }).length).toBeLessThan(62 * 1024);
  });
});

test('every container has a limit of memory, of CPU, and of open files', () => {
  for (const docker of ['dind', 'socket', 'none']) {
    expect(container(`docker: ${docker}`)).toMatchObject({
      Cpu: 1024,
      Memory: 2048,
      Ulimits: [{ Name: 'nofile', SoftLimit: 65_536, HardLimit: 1_048_576 }],
    });
  }
});
