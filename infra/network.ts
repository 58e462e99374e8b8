/** Where instances live: a small VPC of the stack's own, or an existing one. Nothing can dial in; runners only dial out. */
import type { Settings } from './settings.ts';
import { attribute, type Resource, type Resources, ref, sub, type Value } from './template.ts';

export type Network = {
  resources: Resources;
  subnets: readonly Value[];
  securityGroups: readonly Value[];
  /** What instances need to reach the internet; it must be there before them and go after them. */
  before: readonly string[];
};

/**
 * Public subnets without an inbound rule: an address of its own costs an instance half a cent an hour and only while
 * it runs, a NAT gateway costs more than thirty dollars a month for doing nothing. Two zones: every region has those.
 */
export function network({ vpcId, subnetIds, securityGroupIds }: Settings, deployment: string): Network {
  if (vpcId === undefined) return ownNetwork(deployment);
  if (securityGroupIds.length > 0)
    return { resources: {}, subnets: subnetIds, securityGroups: securityGroupIds, before: [] };
  const resources = { RunnerSecurityGroup: securityGroup(deployment, vpcId) };
  return { resources, subnets: subnetIds, securityGroups: [attribute('RunnerSecurityGroup', 'GroupId')], before: [] };
}

function ownNetwork(deployment: string): Network {
  return {
    resources: {
      Vpc: {
        Type: 'AWS::EC2::VPC',
        Properties: {
          CidrBlock: '10.0.0.0/16',
          EnableDnsSupport: true,
          EnableDnsHostnames: true,
          Tags: named(deployment),
        },
      },
      InternetGateway: { Type: 'AWS::EC2::InternetGateway', Properties: { Tags: named(deployment) } },
      InternetGatewayAttachment: {
        Type: 'AWS::EC2::VPCGatewayAttachment',
        Properties: { VpcId: ref('Vpc'), InternetGatewayId: ref('InternetGateway') },
      },
      RouteTable: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc'), Tags: named(deployment) } },
      RouteOut: {
        Type: 'AWS::EC2::Route',
        DependsOn: 'InternetGatewayAttachment',
        Properties: {
          RouteTableId: ref('RouteTable'),
          DestinationCidrBlock: '0.0.0.0/0',
          GatewayId: ref('InternetGateway'),
        },
      },
      ...subnet(deployment, 'A', 0, '10.0.0.0/18'),
      ...subnet(deployment, 'B', 1, '10.0.64.0/18'),
      // Free, and the layers of images in ECR come from S3.
      S3Endpoint: {
        Type: 'AWS::EC2::VPCEndpoint',
        Properties: {
          VpcId: ref('Vpc'),
          ServiceName: sub('com.amazonaws.${AWS::Region}.s3'),
          VpcEndpointType: 'Gateway',
          RouteTableIds: [ref('RouteTable')],
        },
      },
      RunnerSecurityGroup: securityGroup(deployment, ref('Vpc')),
    },
    subnets: [ref('SubnetA'), ref('SubnetB')],
    securityGroups: [attribute('RunnerSecurityGroup', 'GroupId')],
    before: ['RouteOut', 'SubnetARoutes', 'SubnetBRoutes'],
  };
}

function subnet(deployment: string, letter: string, zone: number, block: string): Resources {
  return {
    [`Subnet${letter}`]: {
      Type: 'AWS::EC2::Subnet',
      Properties: {
        VpcId: ref('Vpc'),
        CidrBlock: block,
        AvailabilityZone: { 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] },
        MapPublicIpOnLaunch: true,
        Tags: named(`${deployment}-${letter.toLowerCase()}`),
      },
    },
    [`Subnet${letter}Routes`]: {
      Type: 'AWS::EC2::SubnetRouteTableAssociation',
      Properties: { SubnetId: ref(`Subnet${letter}`), RouteTableId: ref('RouteTable') },
    },
  };
}

/** Without rules for what comes in, nothing comes in. */
function securityGroup(deployment: string, vpc: Value): Resource {
  return {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: {
      GroupDescription: 'Runners dial out; nobody dials in',
      VpcId: vpc,
      SecurityGroupEgress: [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0', Description: 'GitHub, AWS, and what jobs need' }],
      Tags: named(deployment),
    },
  };
}

function named(name: string): Value {
  return [{ Key: 'Name', Value: name }];
}
