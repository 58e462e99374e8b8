/** What a role of a template may do, as sorted sentences: `ecs:StopTask on arn:… if ArnEquals ecs:cluster arn:…`. */
import type { Resource, Value } from '../../infra/template.ts';
import type { Template } from './packaged.ts';

/** One action on one resource under one condition. */
export type Grant = { action: string; on: string; condition?: string };

type Policy = { Statement: Statement[] };
type Statement = Record<string, Value> & { Action: Value; Resource: Value; Condition?: Conditions };
type Conditions = Record<string, Record<string, Value>>;

type Names = Readonly<Record<string, string>>;

/** What CloudFormation puts in, for a stack that somebody has deployed. */
const PSEUDO: Names = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
};

export function sentence({ action, condition, on }: Grant): string {
  return condition === undefined ? `${action} on ${on}` : `${action} on ${on} if ${condition}`;
}

/** Of all policies that are attached to the role, wherever the template has them. */
export function grantsOf(template: Template, role: string): Grant[] {
  const names = namesOf(template);
  return policiesOf(template, role).flatMap((policy) =>
    policy.Statement.flatMap((statement) => grantsOfStatement(statement, names)),
  );
}

/** What references to the stack's own cluster mean, which some rights name by its text: it may be that of others. */
function namesOf({ Resources }: Template): Names {
  const cluster = Resources['Cluster']?.Properties?.['ClusterName'];
  if (typeof cluster !== 'string') return PSEUDO;
  return { ...PSEUDO, Cluster: cluster, 'Cluster.Arn': `arn:aws:ecs:us-east-1:123456789012:cluster/${cluster}` };
}

function policiesOf({ Resources }: Template, role: string): Policy[] {
  const { Properties = {} } = resource(Resources[role], role);
  if (Properties['ManagedPolicyArns'] !== undefined) throw new Error(`${role} has policies that are not ours`);
  const inline = ((Properties['Policies'] ?? []) as Value[]).map((each) => documentOf(each as Record<string, Value>));
  const attached = Object.values(Resources).filter((each) => isAttached(each, role));
  return [...inline, ...attached.map((each) => documentOf(each.Properties ?? {}))];
}

function resource(found: Resource | undefined, id: string): Resource {
  if (found === undefined) throw new Error(`the template has no ${id}`);
  return found;
}

function documentOf(policy: Readonly<Record<string, Value>>): Policy {
  return policy['PolicyDocument'] as unknown as Policy;
}

function isAttached({ Type, Properties = {} }: Resource, role: string): boolean {
  if (!/^AWS::IAM::(Managed|Role)?Policy$/.test(Type)) return false;
  const roles = [Properties['RoleName'] ?? [], Properties['Roles'] ?? []].flat();
  return roles.some((each) => JSON.stringify(each) === JSON.stringify({ Ref: role }));
}

function grantsOfStatement(statement: Statement, names: Names): Grant[] {
  const { Action, Condition, Effect, Resource: resources, Sid, ...rest } = statement;
  if (Effect !== 'Allow' || Object.keys(rest).length > 0) {
    throw new Error(`a statement that this test cannot read: ${JSON.stringify(statement)}`);
  }
  const condition = Condition === undefined ? undefined : conditionText(Condition, names);
  return [Action]
    .flat()
    .flatMap((action) =>
      [resources]
        .flat()
        .map((on) => ({ action: String(action), on: text(on, names), ...(condition && { condition }) })),
    );
}

function conditionText(conditions: Conditions, names: Names): string {
  const all = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(
      ([key, value]) =>
        `${operator} ${key} ${[value]
          .flat()
          .map((one) => text(one, names))
          .join(' ')}`,
    ),
  );
  return all.sort().join(' and ');
}

/** ARNs as they will be; a reference to another resource stays one: `DemandQueue.Arn`. */
function text(value: Value, names: Names): string {
  if (typeof value !== 'object') return String(value);
  const [[name, inner] = []] = Object.entries(value);
  if (name === 'Ref') return names[String(inner)] ?? `<${inner}>`;
  if (name === 'Fn::GetAtt') return names[[inner].flat().join('.')] ?? [inner].flat().join('.');
  if (name === 'Fn::Sub' && typeof inner === 'string') {
    return inner.replaceAll(/\$\{([^}]+)\}/g, (_, key: string) => names[key] ?? `<${key}>`);
  }
  throw new Error(`a value that this test cannot read: ${JSON.stringify(value)}`);
}
