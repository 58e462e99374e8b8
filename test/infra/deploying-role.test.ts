/** The policy of docs/deploy.md allows something for every kind of resource in the stack, and is valid JSON. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { packaged, removePackages } from '../support/packaged.ts';

afterAll(removePackages);

type Statement = { Sid: string; Action: string | string[]; Resource: string | string[] };

const [, text = ''] = /```json\n([\s\S]*?)\n```/.exec(readFileSync('docs/deploy.md', 'utf8')) ?? [];
const { Statement: statements } = JSON.parse(text) as { Statement: Statement[] };
const actions = statements.flatMap(({ Action }) => Action);

/** What CloudFormation calls to make one: the create action of each type's handler (CloudFormation registry). */
const CREATES: Record<string, string> = {
  'AWS::ApiGatewayV2::Api': 'apigateway:*',
  'AWS::ApiGatewayV2::Integration': 'apigateway:*',
  'AWS::ApiGatewayV2::Route': 'apigateway:*',
  'AWS::ApiGatewayV2::Stage': 'apigateway:*',
  'AWS::AutoScaling::AutoScalingGroup': 'autoscaling:*',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::CloudWatch::Dashboard': 'cloudwatch:PutDashboard',
  'AWS::DynamoDB::Table': 'dynamodb:*',
  'AWS::EC2::InternetGateway': 'ec2:CreateInternetGateway',
  'AWS::EC2::LaunchTemplate': 'ec2:CreateLaunchTemplate',
  'AWS::EC2::Route': 'ec2:CreateRoute',
  'AWS::EC2::RouteTable': 'ec2:CreateRouteTable',
  'AWS::EC2::SecurityGroup': 'ec2:CreateSecurityGroup',
  'AWS::EC2::Subnet': 'ec2:CreateSubnet',
  'AWS::EC2::SubnetRouteTableAssociation': 'ec2:AssociateRouteTable',
  'AWS::EC2::VPC': 'ec2:CreateVpc',
  'AWS::EC2::VPCEndpoint': 'ec2:CreateVpcEndpoint',
  'AWS::EC2::VPCGatewayAttachment': 'ec2:AttachInternetGateway',
  'AWS::ECS::CapacityProvider': 'ecs:CreateCapacityProvider',
  'AWS::ECS::Cluster': 'ecs:CreateCluster',
  'AWS::ECS::ClusterCapacityProviderAssociations': 'ecs:*',
  'AWS::ECS::TaskDefinition': 'ecs:RegisterTaskDefinition',
  'AWS::Events::Rule': 'events:*',
  'AWS::IAM::InstanceProfile': 'iam:CreateInstanceProfile',
  'AWS::IAM::ManagedPolicy': 'iam:CreatePolicy',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::IAM::RolePolicy': 'iam:PutRolePolicy',
  'AWS::Lambda::EventInvokeConfig': 'lambda:*',
  'AWS::Lambda::EventSourceMapping': 'lambda:CreateEventSourceMapping',
  'AWS::Lambda::Function': 'lambda:*',
  'AWS::Lambda::Permission': 'lambda:*',
  'AWS::Logs::LogGroup': 'logs:*',
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::S3::BucketPolicy': 's3:PutBucketPolicy',
  'AWS::SQS::Queue': 'sqs:*',
  'AWS::SQS::QueuePolicy': 'sqs:*',
  'AWS::SSM::Parameter': 'ssm:*',
  'Custom::RemovalGuard': 'lambda:*',
};

test('every kind of resource in the stack can be made with it', () => {
  const types = new Set(Object.values(packaged().Resources).map(({ Type }) => Type));
  const notMade = [...types].filter((type) => !actions.includes(CREATES[type] ?? `nobody knows how to make ${type}`));
  expect(notMade).toEqual([]);
});

test('what CloudFormation creates it can also delete', () => {
  const creates = actions.filter((action) => /^ec2:Create(?!Tags|LaunchTemplateVersion)/.test(action));
  const deletes = creates.map((action) => action.replace('Create', 'Delete').replace(/Endpoint$/, 'Endpoints'));
  expect(creates.length).toBeGreaterThan(7);
  expect(actions).toEqual(expect.arrayContaining(deletes));
});

test('whole services are allowed only below names of ours', () => {
  const whole = statements.filter(({ Action }) => [Action].flat().some((action) => action.endsWith(':*')));
  for (const { Sid, Resource } of whole) {
    const open = [Resource].flat().filter((arn) => !/ecs-runners|capacity-provider|\/apis|\/tags/.test(arn));
    expect(`${Sid}: ${open.join()}`).toBe(`${Sid}: `);
  }
});
