/** The packaged template: sound for AWS's own validator, and right where the validator knows nothing. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource, Value } from '../../infra/template.ts';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lib/core/limits.ts';
import { type PackageOptions, packaged, removePackages, type Template } from '../support/packaged.ts';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012';

const ARM_AND_GROUPS = `
capacity:
  build:
    instanceTypes: [m7g.4xlarge, m8g.4xlarge]
    max: 40
    onDemandBase: 2
    onDemandPercent: 10
    diskGiB: 300
    imageId: ami-0123456789abcdef0
    schedules:
      - { cron: '0 7 * * 1-5', timeZone: Europe/Zurich, min: 3 }
      - { cron: '0 19 * * 1-5', timeZone: Europe/Zurich, min: 0 }
pools:
  arm:
    labels: [arm]
    cpu: 4096
    memory: 8192
    docker: socket
    max: 10
    architecture: arm64
    capacity: build
    sudo: false
    securityOptions: ['label:type:runner_t']
    dockerLogin: arn:aws:secretsmanager:eu-central-1:123456789012:secret:login-AbCdEf
  own:
    { labels: [own], cpu: 1024, memory: 2048, docker: none, max: 5, capacityProvider: theirs }
  inside:
    labels: [inside]
    cpu: 2048
    memory: 4096
    docker: dind
    max: 5
    privileged: false
    registryMirror: https://mirror.example.com
    securityOptions: ['apparmor:runner']
  deploy:
    labels: [deploy]
    cpu: 1024
    memory: 2048
    docker: none
    max: 5
    repositories: ['octo-org/deploy-*']
    register: repository
    taskRole: arn:aws:iam::123456789012:role/deploy
    image: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/runner:1
    registryCredentials: arn:aws:secretsmanager:eu-central-1:123456789012:secret:hub-AbCdEf
`;

const VARIANTS: Record<string, PackageOptions> = {
  'as it comes': {},
  'an existing network': {
    params: { vpcId: 'vpc-0123456789abcdef0', subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1' },
  },
  'an existing network and its security groups': {
    params: {
      vpcId: 'vpc-0123456789abcdef0',
      subnetIds: 'subnet-0123456789abcdef0',
      securityGroupIds: 'sg-0123456789abcdef0',
    },
  },
  'a cluster of others, only observing': { params: { cluster: 'theirs', mode: 'observe' }, stage: 'observe' },
  'groups of its own, arm64, socket, roles, registries': { pools: ARM_AND_GROUPS, region: 'eu-central-1' },
  'all that a regulated account wants': {
    pools: ARM_AND_GROUPS,
    region: 'eu-central-1',
    params: {
      kmsKeyArn: KEY,
      permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
      iamPath: '/ci/',
      iamNamePrefix: 'corp-',
      tags: 'Team=ci,CostCentre=4711',
      alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alarms',
      prefix: 'prod',
      registrarUrl: 'https://runners.example.com',
      janitorConcurrency: 0,
    },
  },
  'the most pools, with the longest names': { pools: manyPools(50) },
};

const templates = new Map<string, Template>();
let scratch = '';

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'ecs-runners-templates-'));
  for (const [name, options] of Object.entries(VARIANTS)) templates.set(name, packaged(options));
}, 180_000);

afterAll(() => {
  removePackages();
  rmSync(scratch, { recursive: true, force: true });
});

function template(variant = 'as it comes'): Template {
  const found = templates.get(variant);
  if (found === undefined) throw new Error(`no variant ${variant}`);
  return found;
}

function ofType(type: string, variant?: string): [string, Resource][] {
  return Object.entries(template(variant).Resources).filter(([, { Type }]) => Type === type);
}

function properties(id: string, variant?: string): Record<string, Value> {
  return template(variant).Resources[id]?.Properties ?? {};
}

describe("AWS's validator", () => {
  test.each(Object.keys(VARIANTS))('finds nothing wrong: %s', (variant) => {
    expect(findings(template(variant))).toEqual([]);
  });

  test('would find something', () => {
    const broken = structuredClone(template());
    (broken.Resources['DemandQueue'] as Resource).Properties = { VisibilityTimeOut: 180 };
    expect(findings(broken)).toEqual([expect.stringContaining('DemandQueue')]);
  });
});

describe('what the validator does not know', () => {
  test('no instance with a task on it is ended: neither by ECS, nor by the group, nor by a deploy', () => {
    for (const [, { Properties }] of ofType('AWS::ECS::CapacityProvider')) {
      expect(Properties?.['AutoScalingGroupProvider']).toMatchObject({
        ManagedTerminationProtection: 'ENABLED',
        ManagedScaling: { Status: 'ENABLED', TargetCapacity: 100 },
        ManagedDraining: 'ENABLED',
      });
    }
    const groups = ofType('AWS::AutoScaling::AutoScalingGroup');
    expect(groups).not.toHaveLength(0);
    for (const [, group] of groups) {
      expect(group.Properties).toMatchObject({ NewInstancesProtectedFromScaleIn: true, CapacityRebalance: false });
      expect(Object.keys(group.Properties ?? {})).not.toEqual(expect.arrayContaining(['MaxInstanceLifetime']));
      expect(group.UpdatePolicy).toEqual({
        AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
      });
    }
  });

  test('groups begin at zero, a deploy does not set them back, and the first instance is On-Demand', () => {
    for (const [, { Properties }] of ofType('AWS::AutoScaling::AutoScalingGroup')) {
      expect(Properties).toMatchObject({ MinSize: '0' });
      expect(Properties).not.toHaveProperty('DesiredCapacity');
      expect(Properties).toMatchObject({
        MixedInstancesPolicy: {
          InstancesDistribution: { OnDemandBaseCapacity: 1, OnDemandPercentageAboveBaseCapacity: 0 },
        },
      });
    }
  });

  test.each(Object.keys(VARIANTS))('nothing can dial in: %s', (variant) => {
    const groups = ofType('AWS::EC2::SecurityGroup', variant);
    for (const [, { Properties }] of groups) expect(Properties).not.toHaveProperty('SecurityGroupIngress');
    expect(ofType('AWS::EC2::SecurityGroupIngress', variant)).toEqual([]);
    expect(JSON.stringify(template(variant))).not.toContain('KeyName');
  });

  test('instance metadata: version 2 only, one hop, not by IPv6', () => {
    const launchTemplates = ofType('AWS::EC2::LaunchTemplate');
    expect(launchTemplates).not.toHaveLength(0);
    for (const [, { Properties }] of launchTemplates) {
      expect(Properties).toMatchObject({
        LaunchTemplateData: {
          MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, HttpProtocolIpv6: 'disabled' },
        },
      });
    }
  });

  test('a group has the image that its file names, the others that of the deployment', () => {
    const images = ofType('AWS::EC2::LaunchTemplate', 'groups of its own, arm64, socket, roles, registries').map(
      ([id, { Properties }]) => [id, (Properties?.['LaunchTemplateData'] as { ImageId: string } | undefined)?.ImageId],
    );
    expect(Object.fromEntries(images)).toEqual({
      GroupBuildTemplate: 'ami-0123456789abcdef0',
      GroupX64DlargeTemplate: expect.stringMatching(/^\{\{resolve:ssm:.*ecs.*recommended/),
    });
  });

  test('all that is stored is encrypted', () => {
    for (const [, { Properties }] of ofType('AWS::SQS::Queue'))
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
    for (const [, { Properties }] of ofType('AWS::DynamoDB::Table')) {
      expect(Properties).toMatchObject({ SSESpecification: { SSEEnabled: true } });
    }
    for (const [, { Properties }] of ofType('AWS::EC2::LaunchTemplate')) {
      expect(Properties).toMatchObject({ LaunchTemplateData: { BlockDeviceMappings: [{ Ebs: { Encrypted: true } }] } });
    }
    for (const [, { Properties }] of ofType('AWS::S3::Bucket')) expect(Properties).toHaveProperty('BucketEncryption');
  });

  test('with a key of the account, with that one', () => {
    const variant = 'all that a regulated account wants';
    for (const [, { Properties }] of ofType('AWS::SQS::Queue', variant)) {
      expect(Properties).toMatchObject({ KmsMasterKeyId: KEY });
      expect(Properties).not.toHaveProperty('SqsManagedSseEnabled');
    }
    for (const [, { Properties }] of ofType('AWS::DynamoDB::Table', variant)) {
      expect(Properties).toMatchObject({ SSESpecification: { KMSMasterKeyId: KEY } });
    }
    for (const [, { Properties }] of ofType('AWS::Logs::LogGroup', variant))
      expect(Properties).toMatchObject({ KmsKeyId: KEY });
    for (const [, { Properties }] of ofType('AWS::EC2::LaunchTemplate', variant)) {
      expect(Properties).toMatchObject({ LaunchTemplateData: { BlockDeviceMappings: [{ Ebs: { KmsKeyId: KEY } }] } });
    }
  });

  test('the history can be brought back to any second', () => {
    expect(properties('HistoryTable')).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test('every log group ends some day', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups).toHaveLength(5 + 2);
    for (const [, { Properties }] of groups) expect(Properties).toMatchObject({ RetentionInDays: 30 });
  });

  test('what cannot be understood ends in the dead letters, after enough tries', () => {
    expect(properties('DemandQueue')).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] }, maxReceiveCount: 10 },
    });
  });

  test('the time-outs go together', () => {
    expect(properties('ScalerLambdaFunction')['Timeout']).toBe(FUNCTION_TIMEOUT_SECONDS);
    expect(properties('DemandQueue')['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * FUNCTION_TIMEOUT_SECONDS);
    expect(properties('RegistrarLambdaFunction')['Timeout']).toBeLessThan(30);
    expect(properties('WebhookLambdaFunction')['Timeout']).toBeLessThanOrEqual(10);
    expect(properties('JanitorLambdaFunction')['Timeout']).toBeLessThanOrEqual(60);
  });

  test('the trigger answers message by message, and leaves some concurrency to others', () => {
    expect(properties('ScalerEventSourceMappingSQSDemandQueue')).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  test('one janitor at a time, and no second try of the same minute', () => {
    expect(properties('JanitorLambdaFunction')).toMatchObject({ ReservedConcurrentExecutions: 1 });
    expect(properties('JanitorLambdaEvConf')).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(properties('JanitorLambdaFunction', 'all that a regulated account wants')).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    );
  });

  test('functions run on arm64 and Node.js 24', () => {
    const functions = ofType('AWS::Lambda::Function');
    expect(functions).toHaveLength(5);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    }
  });

  test('each route is throttled for itself', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties?.['RouteKey']);
    expect(Object.keys(properties('HttpApiStage')['RouteSettings'] ?? {}).sort()).toEqual(routes.sort());
  });

  test('a broken registration of a pool cannot reach beyond it: each has its task definition, role and log', () => {
    const variant = 'groups of its own, arm64, socket, roles, registries';
    expect(properties('PoolArmTask', variant)).toMatchObject({
      Family: 'ecs-runners-production-arm',
      Cpu: '4096',
      Memory: '8192',
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      TaskRoleArn: { 'Fn::GetAtt': ['PoolArmRole', 'Arn'] },
      ContainerDefinitions: [{ Privileged: false }],
    });
    expect(properties('PoolDeployTask', variant)).toMatchObject({
      TaskRoleArn: 'arn:aws:iam::123456789012:role/deploy',
      ContainerDefinitions: [
        {
          Privileged: false,
          RepositoryCredentials: {
            CredentialsParameter: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:hub-AbCdEf',
          },
        },
      ],
    });
    expect(template(variant).Resources).not.toHaveProperty('PoolDeployRole');
    expect(properties('PoolDefaultTask')).toMatchObject({ ContainerDefinitions: [{ Privileged: true }] });
  });

  test('schedules raise and lower the least number of instances', () => {
    const variant = 'groups of its own, arm64, socket, roles, registries';
    expect(ofType('AWS::AutoScaling::ScheduledAction', variant).map(([, { Properties }]) => Properties)).toEqual([
      expect.objectContaining({ Recurrence: '0 7 * * 1-5', TimeZone: 'Europe/Zurich', MinSize: 3 }),
      expect.objectContaining({ Recurrence: '0 19 * * 1-5', TimeZone: 'Europe/Zurich', MinSize: 0 }),
    ]);
  });

  test('a cluster of others gets nothing but tasks: no group, no network, and the guard knows none', () => {
    const variant = 'a cluster of others, only observing';
    const types = Object.values(template(variant).Resources).map(({ Type }) => Type);
    expect(types.filter((type) => /EC2|AutoScaling|ECS::Cluster|CapacityProvider/.test(type))).toEqual([]);
    expect(properties('RemovalGuard', variant)).toMatchObject({ Cluster: 'theirs', Groups: [], Mode: 'observe' });
    expect(properties('JanitorLambdaFunction', variant)).toMatchObject({
      Environment: { Variables: { CLUSTER: 'theirs', MODE: 'observe', PARAMETERS_PATH: '/ecs-runners/observe' } },
    });
  });

  test('mandatory tags reach instances, volumes and network interfaces', () => {
    const variant = 'all that a regulated account wants';
    const [[, { Properties: group }] = ['', {} as Resource]] = ofType('AWS::AutoScaling::AutoScalingGroup', variant);
    expect(group?.['Tags']).toContainEqual({ Key: 'Team', Value: 'ci', PropagateAtLaunch: true });
    const [[, { Properties: launch }] = ['', {} as Resource]] = ofType('AWS::EC2::LaunchTemplate', variant);
    const data = launch?.['LaunchTemplateData'] as
      | { TagSpecifications: { ResourceType: string; Tags: object[] }[] }
      | undefined;
    const tagged = data?.TagSpecifications ?? [];
    expect(tagged.map(({ ResourceType }) => ResourceType)).toEqual(['instance', 'volume', 'network-interface']);
    for (const { Tags } of tagged) expect(Tags).toContainEqual({ Key: 'CostCentre', Value: '4711' });
  });

  test('roles have the path, the name and the boundary that the account wants', () => {
    const variant = 'all that a regulated account wants';
    const roles = ofType('AWS::IAM::Role', variant);
    expect(roles.length).toBeGreaterThan(8);
    for (const [id, { Properties }] of roles) {
      expect(Properties).toMatchObject({
        Path: '/ci/',
        RoleName: `corp-ecs-runners-production-${id}`,
        PermissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
      });
    }
  });

  test('nothing secret is in the template', () => {
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      const environment = Properties?.['Environment'] as { Variables: Record<string, unknown> } | undefined;
      const names = Object.keys(environment?.Variables ?? {});
      expect(names).toEqual(
        expect.arrayContaining(['DEPLOYMENT', 'MODE', 'PARAMETERS_PATH', 'PREFIX', 'QUEUE_URL', 'REGISTRAR_URL']),
      );
      expect(names.filter((name) => /secret|key|token|password/i.test(name))).toEqual([]);
    }
    expect(JSON.stringify(template())).not.toMatch(/resolve:(secretsmanager|ssm-secure)/);
  });

  test('CloudFormation asks the guard before it removes anything', () => {
    for (const variant of Object.keys(VARIANTS)) {
      const { Resources } = template(variant);
      const others = Object.keys(Resources).filter((id) => id !== 'RemovalGuard');
      expect(Resources['RemovalGuard']?.DependsOn).toEqual(others.sort());
    }
  });

  test('the most pools fit into one stack', () => {
    const { Resources } = template('the most pools, with the longest names');
    expect(Object.keys(Resources).length).toBeLessThan(500);
    // CloudFormation quotas: a template holds 1 MB.
    expect(JSON.stringify(template('the most pools, with the longest names')).length).toBeLessThan(1_000_000);
    for (const [, { Properties }] of ofType('AWS::IAM::ManagedPolicy', 'the most pools, with the longest names')) {
      // With ARNs as long as they get: partition, account, a prefix of 20 letters, names of CloudFormation's.
      const document = Properties?.['PolicyDocument'] as { Statement: { Resource: unknown[] }[] } | undefined;
      const arns = document?.Statement[0]?.Resource.length ?? 0;
      expect(arns).toBeGreaterThan(0);
      expect(arns * 145 + 300).toBeLessThan(6144);
    }
  });
});

function findings({ Resources, Mappings }: Template): string[] {
  const file = join(scratch, 'template.json');
  writeFileSync(file, JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Mappings, Resources }));
  const engine = new RegoEngine();
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(file));
    return diagnostics
      .filter(({ severity }) => severity === 'FATAL' || severity === 'ERROR')
      .map(({ severity, ruleId, message, entity }) => `${severity} ${ruleId} ${entity?.logicalId}: ${message}`);
  } finally {
    engine.free();
  }
}

function manyPools(count: number): string {
  const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${'x'.repeat(200)}-${name}`;
  const pools = Array.from({ length: count }, (_, index) => {
    const name = `pool-with-a-name-${String(index).padStart(3, '0')}`;
    return `  ${name}:
    labels: [self-hosted, linux, x64, ${name}]
    cpu: 1024
    memory: 2048
    docker: dind
    max: 100
    registryMirror: https://${'mirror.'.repeat(20)}example.com
    registryCredentials: ${secret('image')}
    dockerLogin: ${secret('login')}
    dockerStoreGiB: 10`;
  });
  return `pools:\n${pools.join('\n')}\n`;
}
