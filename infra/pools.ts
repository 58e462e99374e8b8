/** What each pool has in the stack: its task definition, role, log group, and the parameter by which the functions know it. */

import { capacityOf } from '../lib/pools-file/capacity.ts';
import type { FilePool, PoolsFile } from '../lib/pools-file/schema.ts';
import { functionsPool } from '../lib/pools-file.ts';
import { ASSOCIATION, assumableBy, groupIds, pullStatements } from './cluster.ts';
import { repositoryArn } from './images.ts';
import type { Settings } from './settings.ts';
import { taskDefinition } from './task-definition.ts';
import { attribute, idPart, joined, type Resource, type Resources, ref, sub, type Value } from './template.ts';

export type PoolsInput = {
  deployment: string;
  file: PoolsFile;
  settings: Settings;
  /** SSM path of the deployment, without a slash at its end. */
  parametersPath: string;
};

/** A managed policy holds 6,144 characters (IAM quotas), a role's ARN at most some 140. */
const ROLES_PER_POLICY_MAX = 40;

export function pools(input: PoolsInput): Resources {
  const { file } = input;
  return {
    ExecutionRole: executionRole(input),
    ...Object.assign({}, ...file.pools.map((pool) => poolResources(input, pool))),
    PoolsParameter: indexParameter(input),
    ...passRolePolicies(file.pools),
  };
}

function poolResources(input: PoolsInput, pool: FilePool): Resources {
  const ids = poolIds(pool);
  const extra = executionPolicy(input, pool);
  return {
    [ids.taskDefinition]: taskDefinition({ ...input, pool, taskRole: roleArn(pool), logs: ids.logs }),
    [ids.logs]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: logGroupName(input, pool), RetentionInDays: input.settings.logRetentionDays },
    },
    ...(pool.taskRole === undefined && { [ids.role]: taskRole(pool) }),
    ...(extra !== undefined && { [ids.executionPolicy]: extra }),
    [ids.parameter]: poolParameter(input, pool),
  };
}

function poolIds({ name }: Pick<FilePool, 'name'>) {
  const base = `Pool${idPart(name)}`;
  return {
    taskDefinition: `${base}Task`,
    logs: `${base}Logs`,
    role: `${base}Role`,
    executionPolicy: `${base}Execution`,
    parameter: `${base}Parameter`,
  };
}

/** What a job gets unless its pool names a role: an identity, and no right. */
function taskRole({ name }: FilePool): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: `Jobs of the pool ${name}; it may do nothing`,
      AssumeRolePolicyDocument: assumableByTasks(),
    },
  };
}

function roleArn(pool: FilePool): Value {
  return pool.taskRole ?? attribute(poolIds(pool).role, 'Arn');
}

/** AWS docs, "Amazon ECS task IAM role": the condition keeps other accounts' tasks from being confused with ours. */
function assumableByTasks(): Value {
  return assumableBy('ecs-tasks.amazonaws.com', {
    ArnLike: { 'aws:SourceArn': sub('arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*') },
    StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
  });
}

/** ECS itself uses it, for every pool: to write logs. What single pools need beside that is a policy of theirs. */
function executionRole({ parametersPath }: PoolsInput): Resource {
  const groups = `log-group:${parametersPath}/pools/*`;
  const statement = {
    Sid: 'WriteTheRunnersLogs',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: sub(`arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:${groups}`),
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: 'What ECS does to start a task of ecs-runners; no job gets it',
      AssumeRolePolicyDocument: assumableByTasks(),
      Policies: [{ PolicyName: 'execution', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }],
    },
  };
}

/** For images that are not public, and for the secret that a container gets. */
function executionPolicy({ settings }: PoolsInput, pool: FilePool): Resource | undefined {
  const repository = repositoryArn(pool.image ?? settings.image);
  const credentials = pool.registryCredentials ?? settings.registryCredentials;
  const secrets = [credentials, pool.dockerLogin].filter((secret) => secret !== undefined);
  const statements = [
    ...pullStatements(repository === undefined ? [] : [repository]),
    ...(secrets.length === 0 ? [] : secretStatements([...new Set(secrets)], settings)),
  ];
  if (statements.length === 0) return undefined;
  return {
    Type: 'AWS::IAM::RolePolicy',
    Properties: {
      RoleName: ref('ExecutionRole'),
      PolicyName: `pool-${pool.name}`,
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
}

function secretStatements(secrets: readonly string[], { kmsKeyArn }: Settings): Value[] {
  return [
    { Sid: 'ReadTheLogins', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secrets },
    ...(kmsKeyArn === undefined ? [] : [decryptSecrets(kmsKeyArn)]),
  ];
}

/** A secret may be encrypted with the account's own key (AWS docs, "Private registry authentication"). */
function decryptSecrets(key: string): Value {
  return {
    Sid: 'DecryptTheSecret',
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.${AWS::URLSuffix}') } },
  };
}

/** The core's `Pool`, and for the instances which image to pull ahead. */
function poolParameter(input: PoolsInput, pool: FilePool): Resource {
  const ids = poolIds(pool);
  const capacity = input.settings.cluster === undefined ? capacityOf(input.file, pool) : undefined;
  const provider = capacity === undefined ? undefined : groupIds({ name: capacity }).capacityProvider;
  const {
    taskRole: _,
    taskDefinition: __,
    ...fixed
  } = functionsPool(pool, {
    taskDefinition: '',
    ...(pool.capacityProvider !== undefined && { capacityProvider: pool.capacityProvider }),
    logGroup: logGroupName(input, pool),
  });
  const credentials = pool.registryCredentials ?? input.settings.registryCredentials;
  const image = pool.image ?? input.settings.image;
  const known = { ...fixed, image, ...(capacity !== undefined && { capacity }), pullsAhead: credentials === undefined };
  return {
    Type: 'AWS::SSM::Parameter',
    ...(provider !== undefined && { DependsOn: ASSOCIATION }),
    Properties: {
      Name: `${input.parametersPath}/pools/${pool.name}`,
      Description: `The pool ${pool.name}, as the functions read it`,
      Type: 'String',
      Tier: 'Intelligent-Tiering',
      Value: joined(
        JSON.stringify(known).slice(0, -1),
        ',"taskDefinition":"',
        ref(ids.taskDefinition),
        '","role":"',
        roleArn(pool),
        ...(provider === undefined ? [] : ['","capacityProvider":"', ref(provider)]),
        '"}',
      ),
    },
  };
}

/** After the pools that it names, so that the functions find what they read here. */
function indexParameter({ file, parametersPath }: PoolsInput): Resource {
  const { unlabelled } = file;
  const index = { ...(unlabelled !== undefined && { unlabelled }), pools: file.pools.map(({ name }) => name) };
  return {
    Type: 'AWS::SSM::Parameter',
    DependsOn: file.pools.map((pool) => poolIds(pool).parameter),
    Properties: {
      Name: `${parametersPath}/pools`,
      Description: 'The names of the pools, in the order of their file',
      Type: 'String',
      Value: JSON.stringify(index),
    },
  };
}

/** Only the scaler passes roles, only these, and only to tasks. */
function passRolePolicies(all: readonly FilePool[]): Resources {
  const arns = [
    attribute('ExecutionRole', 'Arn'),
    ...new Map(all.map((pool) => [JSON.stringify(roleArn(pool)), roleArn(pool)])).values(),
  ];
  const policies: Resources = {};
  for (let start = 0; start < arns.length; start += ROLES_PER_POLICY_MAX) {
    const statement = {
      Sid: 'PassTheRolesOfThePools',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: arns.slice(start, start + ROLES_PER_POLICY_MAX),
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    };
    policies[`PassRoles${start / ROLES_PER_POLICY_MAX}`] = {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        Description: 'The roles that the scaler of ecs-runners may give to tasks',
        Roles: [ref('ScalerRole')],
        PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      },
    };
  }
  return policies;
}

function logGroupName({ parametersPath }: PoolsInput, { name }: FilePool): string {
  return `${parametersPath}/pools/${name}`;
}
