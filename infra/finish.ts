/** What an account wants of every resource, whoever made it: names and boundaries of roles, keys of its own; and the guard's place. */
import type { Settings } from './settings.ts';
import { type Resource, type Resources, ref, sub, type Value } from './template.ts';

/** CloudFormation gives roles up to 64 characters (IAM quotas). */
const ROLE_NAME_CHARACTERS_MAX = 64;

/** Changes the template in place. Throws if a name is too long. */
export function finishTemplate(template: { Resources: Resources }, deployment: string, settings: Settings): void {
  for (const [id, resource] of Object.entries(template.Resources)) {
    regulate(id, resource, deployment, settings);
    if (settings.kmsKeyArn !== undefined) encrypt(resource, settings.kmsKeyArn);
  }
  if (settings.kmsKeyArn !== undefined) allowKey(template.Resources, settings.kmsKeyArn);
  if (settings.janitorConcurrency > 0) reserve(template.Resources, settings.janitorConcurrency);
  guardEverything(template.Resources);
}

function regulate(id: string, resource: Resource, deployment: string, settings: Settings): void {
  const nameOf = {
    'AWS::IAM::Role': 'RoleName',
    'AWS::IAM::InstanceProfile': 'InstanceProfileName',
    'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  };
  const nameProperty = Object.hasOwn(nameOf, resource.Type) ? nameOf[resource.Type as keyof typeof nameOf] : undefined;
  if (nameProperty === undefined) return;
  const properties = propertiesOf(resource);
  if (settings.iamPath !== '/') properties['Path'] = settings.iamPath;
  if (settings.iamNamePrefix !== undefined) {
    const name = `${settings.iamNamePrefix}${deployment}-${id}`;
    if (name.length > ROLE_NAME_CHARACTERS_MAX) {
      throw new Error(
        `iamNamePrefix: it makes the name ${name}, of ${name.length} characters, and IAM allows ${ROLE_NAME_CHARACTERS_MAX}: shorten the prefix, the stage or the pool's name`,
      );
    }
    properties[nameProperty] = name;
  }
  if (resource.Type === 'AWS::IAM::Role' && settings.permissionsBoundary !== undefined) {
    properties['PermissionsBoundary'] = settings.permissionsBoundary;
  }
}

function encrypt(resource: Resource, key: string): void {
  const properties = propertiesOf(resource);
  if (resource.Type === 'AWS::SQS::Queue') {
    delete properties['SqsManagedSseEnabled'];
    properties['KmsMasterKeyId'] = key;
  }
  if (resource.Type === 'AWS::DynamoDB::Table') {
    properties['SSESpecification'] = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key };
  }
  if (resource.Type === 'AWS::Logs::LogGroup') properties['KmsKeyId'] = key;
  if (resource.Type === 'AWS::Lambda::Function') properties['KmsKeyArn'] = key;
}

/** Through which service each role needs the key. Lambda itself gives a function's role what its environment takes. */
const KEY_USERS: Readonly<Record<string, readonly (keyof typeof KEY_ACTIONS)[]>> = {
  WebhookRole: ['sqs', 'ssm'],
  ScalerRole: ['sqs', 'ssm', 'dynamodb'],
  RegistrarRole: ['sqs', 'ssm', 'dynamodb'],
  JanitorRole: ['sqs', 'ssm', 'dynamodb'],
};
/** Each with its source in test/infra/implied-permissions.ts. */
const KEY_ACTIONS = {
  sqs: ['kms:GenerateDataKey', 'kms:Decrypt'],
  ssm: ['kms:Decrypt'],
  dynamodb: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
  secretsmanager: ['kms:Decrypt'],
} as const;

function allowKey(resources: Resources, key: string): void {
  const readsSecrets = Object.values(resources).some(readsSecret);
  const users = { ...KEY_USERS, ...(readsSecrets && { ExecutionRole: ['secretsmanager'] as const }) };
  for (const [id, services] of Object.entries(users)) {
    resources[`${id}Key`] = {
      Type: 'AWS::IAM::RolePolicy',
      Properties: {
        RoleName: ref(id),
        PolicyName: 'key',
        PolicyDocument: { Version: '2012-10-17', Statement: services.map((service) => keyStatement(service, key)) },
      },
    };
  }
}

/** A task definition with a secret, for its image or its container, which may be encrypted with the same key. */
function readsSecret({ Properties, Type }: Resource): boolean {
  const containers = Type === 'AWS::ECS::TaskDefinition' ? Properties?.['ContainerDefinitions'] : undefined;
  return /"(RepositoryCredentials|Secrets)":/.test(JSON.stringify(containers ?? []));
}

function keyStatement(service: keyof typeof KEY_ACTIONS, key: string): Value {
  return {
    Sid: `KeyThrough${service.toUpperCase()}`,
    Effect: 'Allow',
    Action: KEY_ACTIONS[service],
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': sub(`${service}.\${AWS::Region}.\${AWS::URLSuffix}`) } },
  };
}

/** One run at a time. */
function reserve(resources: Resources, concurrency: number): void {
  const properties = resources['JanitorLambdaFunction']?.Properties;
  if (properties !== undefined) properties['ReservedConcurrentExecutions'] = concurrency;
}

function guardEverything(resources: Resources): void {
  const guard = resources['RemovalGuard'];
  if (guard === undefined) throw new Error('The template has no RemovalGuard.');
  guard.DependsOn = Object.keys(resources)
    .filter((id) => id !== 'RemovalGuard')
    .sort();
}

function propertiesOf(resource: Resource): Record<string, Value> {
  resource.Properties ??= {};
  return resource.Properties;
}
