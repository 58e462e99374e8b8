/** From pools.yml and the settings to the resources that follow from them. Throws one error with everything that is wrong. */
import { join } from 'node:path';
import { type CapacityGroup, capacityGroups } from '../lib/pools-file/capacity.ts';
import type { PoolsFile } from '../lib/pools-file/schema.ts';
import { type Problem, problemLine, readPoolsFile } from '../lib/pools-file.ts';
import { alarms } from './alarms.ts';
import { cluster, groupIds } from './cluster.ts';
import { dashboardText } from './dashboard.ts';
import { repositoryArn } from './images.ts';
import { network } from './network.ts';
import { pools } from './pools.ts';
import { readSettings, type Settings } from './settings.ts';
import { runnerMappings } from './task-definition.ts';
import { attribute, joined, type Mappings, type Resource, type Resources, ref, sub, type Value } from './template.ts';

export type Generated = {
  settings: Settings;
  resources: Resources;
  mappings: Mappings;
  /** What all functions get beside serverless.yml's own variables. */
  environment: Record<string, Value>;
  outputs: Record<string, { Description: string; Value: Value }>;
  warnings: string[];
};

export type GenerateInput = {
  /** `custom.settings` of serverless.yml, with its variables resolved. */
  settings: unknown;
  /** Where the paths in the settings begin. */
  serviceDir: string;
  /** The stack's name. */
  deployment: string;
  /** SSM path of the deployment, without a slash at its end. */
  parametersPath: string;
};

export async function generate(input: GenerateInput): Promise<Generated> {
  const settings = readSettings(input.settings);
  const { file, warnings } = await readPools(input, settings);
  const groups = settings.cluster === undefined ? capacityGroups(file) : [];
  const { deployment, parametersPath } = input;
  const prefix = settings.prefix ?? prefixOfStack();
  const resources = {
    ...(settings.cluster === undefined && clusterResources(input, settings, file, groups)),
    ...pools({ deployment, file, settings, parametersPath }),
    ...alarms({
      deployment,
      ...names(deployment),
      ...(settings.alarmTopicArn !== undefined && { topicArn: settings.alarmTopicArn }),
    }),
    Dashboard: dashboard(deployment, settings, groups),
    RemovalGuard: removalGuard(deployment, settings, prefix, groups),
  };
  return {
    settings,
    resources,
    mappings: runnerMappings(),
    environment: { PREFIX: prefix, REGISTRAR_URL: settings.registrarUrl ?? attribute('HttpApi', 'ApiEndpoint') },
    // `serverless remove` reads it (lib/cli/removal.ts).
    outputs: { RunnerPrefix: { Description: "How the names of this deployment's runners begin", Value: prefix } },
    warnings,
  };
}

async function readPools(input: GenerateInput, settings: Settings): Promise<{ file: PoolsFile; warnings: string[] }> {
  const parsed = await readPoolsFile(join(input.serviceDir, settings.pools));
  const line = (problem: Problem) => problemLine({ ...problem, file: settings.pools });
  if (!parsed.ok) {
    const { length } = parsed.problems;
    const lines = parsed.problems.map((problem) => `  ${line(problem)}`).join('\n');
    throw new Error(`Nothing is deployed: ${length} problem${length === 1 ? '' : 's'} in the pools:\n${lines}`);
  }
  return { file: parsed.file, warnings: [...parsed.warnings.map(line), ...clusterWarnings(parsed.file, settings)] };
}

/** The cluster of others: its capacity is not ours to make. */
function clusterWarnings({ pools: all }: PoolsFile, { cluster: name }: Settings): string[] {
  if (name === undefined) return [];
  const without = all.filter(({ capacityProvider }) => capacityProvider === undefined).map((pool) => pool.name);
  if (without.length === 0) return [];
  return [
    `${without.join(', ')}: no capacityProvider is named, so the default strategy of the cluster ${name} decides where they run`,
  ];
}

/** Unique to the stack without asking anybody: the first letters of the id that CloudFormation gave it. */
function prefixOfStack(): Value {
  const uuid = { 'Fn::Select': [2, { 'Fn::Split': ['/', ref('AWS::StackId')] }] };
  return joined('r', { 'Fn::Select': [0, { 'Fn::Split': ['-', uuid] }] });
}

function clusterResources(
  { deployment, parametersPath }: GenerateInput,
  settings: Settings,
  file: PoolsFile,
  groups: readonly CapacityGroup[],
): Resources {
  const images = [...new Set(file.pools.map(({ image }) => image ?? settings.image))];
  return cluster({
    deployment,
    settings,
    network: network(settings, deployment),
    groups,
    otherProviders: [...new Set(file.pools.flatMap(({ capacityProvider }) => capacityProvider ?? []))].sort(),
    parametersPath,
    repositories: images.flatMap((image) => repositoryArn(image) ?? []),
  });
}

function names(deployment: string) {
  const functions = { webhook: '', scaler: '', registrar: '', janitor: '' };
  const named = Object.keys(functions).map((name) => [name, `${deployment}-${name}`]);
  return {
    queueName: `${deployment}-demand`,
    deadLetterQueueName: `${deployment}-dead-letters`,
    functions: Object.fromEntries(named) as typeof functions,
  };
}

function dashboard(deployment: string, settings: Settings, groups: readonly CapacityGroup[]): Resource {
  const text = dashboardText({
    deployment,
    ...names(deployment),
    clusterName: settings.cluster ?? deployment,
    groups: groups.map((group) => {
      const { autoScalingGroup, capacityProvider } = groupIds(group);
      const { name, pricePerHour } = group;
      const autoScalingGroupName = `\${${autoScalingGroup}}`;
      return { name, pricePerHour, autoScalingGroupName, capacityProviderName: `\${${capacityProvider}}` };
    }),
  });
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: { DashboardName: deployment, DashboardBody: sub(text) },
  };
}

/** It depends on everything else (infra/finish.ts), so that CloudFormation asks it first, before anything is removed. */
function removalGuard(
  deployment: string,
  settings: Settings,
  prefix: Value,
  groups: readonly CapacityGroup[],
): Resource {
  return {
    Type: 'Custom::RemovalGuard',
    Properties: {
      ServiceToken: attribute('GuardLambdaFunction', 'Arn'),
      ServiceTimeout: GUARD_TIMEOUT_SECONDS,
      Cluster: settings.cluster ?? deployment,
      Prefix: prefix,
      Mode: settings.mode,
      Groups: groups.map((group) => {
        const { autoScalingGroup, capacityProvider } = groupIds(group);
        return { CapacityProvider: ref(capacityProvider), AutoScalingGroup: ref(autoScalingGroup) };
      }),
    },
  };
}

/** CloudFormation gives up on an answer after this long; the function itself has two minutes. */
const GUARD_TIMEOUT_SECONDS = 300;
