/** The cluster, and for each group of instances what lets ECS grow and shrink it: from zero, and never below a job. */
import { readFileSync } from 'node:fs';
import type { CapacityGroup } from '../lib/pools-file/capacity.ts';
import type { Network } from './network.ts';
import type { Settings } from './settings.ts';
import { attribute, idPart, type Resource, type Resources, ref, sub, type Value } from './template.ts';

export type ClusterInput = {
  deployment: string;
  settings: Settings;
  network: Network;
  groups: readonly CapacityGroup[];
  /** Capacity providers that are not ours, which pools name: the cluster must know them. */
  otherProviders: readonly string[];
  /** Where the pools' parameters are: instances read there which images to pull ahead. */
  parametersPath: string;
  /** Repositories of ECR, as ARNs, from which instances pull. */
  repositories: readonly Value[];
};

/** Amazon's own parameters: a deploy takes the newest image. `imageId` can name one that EC2 reads at every start. */
const IMAGES = {
  x64: '{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id}}',
  arm64: '{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id}}',
};

/** ECS docs, managed scaling: the next step up waits for it; above 60 s is advised, 300 is the default. */
const INSTANCE_WARMUP_SECONDS = 90;
/** Tasks that can wait in PROVISIONING at once (ECS quota): more instances at once are never asked for. */
const SCALING_STEP_MAX = 500;

/** Logical ids of what a group has; all begin alike, so that no name of a group makes an id that something else has. */
export function groupIds({ name }: Pick<CapacityGroup, 'name'>) {
  return {
    autoScalingGroup: `Group${idPart(name)}Instances`,
    capacityProvider: `Group${idPart(name)}Capacity`,
    template: `Group${idPart(name)}Template`,
    schedule: `Group${idPart(name)}Schedule`,
  };
}

/** Of the association, without which no task can use a group. */
export const ASSOCIATION = 'ClusterCapacity';

export function cluster(input: ClusterInput): Resources {
  const { deployment, network, groups } = input;
  return {
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: deployment } },
    ...network.resources,
    InstanceRole: instanceRole(input),
    InstanceProfile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [ref('InstanceRole')] } },
    ...Object.assign({}, ...groups.map((group) => groupResources(input, group))),
    ...(groups.length > 0 && { GuardCapacity: guardPolicy(deployment) }),
    [ASSOCIATION]: {
      Type: 'AWS::ECS::ClusterCapacityProviderAssociations',
      Properties: {
        Cluster: ref('Cluster'),
        CapacityProviders: [...groups.map((group) => ref(groupIds(group).capacityProvider)), ...input.otherProviders],
        DefaultCapacityProviderStrategy: [],
      },
    },
  };
}

function groupResources(input: ClusterInput, group: CapacityGroup): Resources {
  const { autoScalingGroup, capacityProvider, template, schedule: schedulePrefix } = groupIds(group);
  const schedules = group.schedules.map((schedule, index): [string, Resource] => [
    `${schedulePrefix}${index}`,
    {
      Type: 'AWS::AutoScaling::ScheduledAction',
      Properties: {
        AutoScalingGroupName: ref(autoScalingGroup),
        Recurrence: schedule.cron,
        TimeZone: schedule.timeZone,
        MinSize: schedule.min,
      },
    },
  ]);
  return {
    [template]: launchTemplate(input, group),
    [autoScalingGroup]: instances(input, group, template),
    [capacityProvider]: {
      Type: 'AWS::ECS::CapacityProvider',
      Properties: {
        AutoScalingGroupProvider: {
          AutoScalingGroupArn: ref(autoScalingGroup),
          ManagedScaling: {
            Status: 'ENABLED',
            TargetCapacity: 100,
            MinimumScalingStepSize: 1,
            MaximumScalingStepSize: SCALING_STEP_MAX,
            InstanceWarmupPeriod: INSTANCE_WARMUP_SECONDS,
          },
          // Only instances without a task are ended.
          ManagedTerminationProtection: 'ENABLED',
          // An instance that Spot takes back gets no new tasks; those on it go on.
          ManagedDraining: 'ENABLED',
        },
      },
    },
    ...Object.fromEntries(schedules),
  };
}

function launchTemplate(input: ClusterInput, group: CapacityGroup): Resource {
  const { settings, network } = input;
  const tags = [...tagList(settings.tags), { Key: 'Name', Value: `${input.deployment}-${group.name}` }];
  return {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: {
      LaunchTemplateData: {
        ImageId: group.imageId ?? settings.imageId ?? IMAGES[group.architecture],
        IamInstanceProfile: { Arn: attribute('InstanceProfile', 'Arn') },
        SecurityGroupIds: [...network.securityGroups],
        MetadataOptions: {
          HttpEndpoint: 'enabled',
          HttpTokens: 'required',
          HttpPutResponseHopLimit: 1,
          HttpProtocolIpv6: 'disabled',
          InstanceMetadataTags: 'disabled',
        },
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/xvda',
            Ebs: {
              VolumeType: 'gp3',
              VolumeSize: group.diskGiB,
              Encrypted: true,
              ...(settings.kmsKeyArn !== undefined && { KmsKeyId: settings.kmsKeyArn }),
              DeleteOnTermination: true,
            },
          },
        ],
        UserData: { 'Fn::Base64': userData(input, group) },
        TagSpecifications: ['instance', 'volume', 'network-interface'].map((type) => ({
          ResourceType: type,
          Tags: tags,
        })),
      },
    },
  };
}

function userData({ deployment, settings, parametersPath }: ClusterInput, group: CapacityGroup): Value {
  const script = readFileSync(new URL('instance.sh', import.meta.url), 'utf8');
  const values = {
    Cluster: deployment,
    InstanceTags: JSON.stringify(settings.tags),
    PoolsPath: `${parametersPath}/pools`,
    Capacity: group.name,
  };
  return { 'Fn::Sub': [script, values] };
}

/**
 * No desired capacity: it is ECS's, and a deploy must not set it back. An update starts no instance anew, since that
 * would end the jobs on it; new ones come from the new template.
 */
function instances({ settings, network, deployment }: ClusterInput, group: CapacityGroup, template: string): Resource {
  return {
    Type: 'AWS::AutoScaling::AutoScalingGroup',
    DependsOn: ['Cluster', 'InstanceRole', ...network.before],
    // What a schedule has set stays until the next one.
    UpdatePolicy: { AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true } },
    Properties: {
      MinSize: '0',
      MaxSize: String(group.max),
      VPCZoneIdentifier: [...network.subnets],
      NewInstancesProtectedFromScaleIn: true,
      CapacityRebalance: false,
      MixedInstancesPolicy: {
        InstancesDistribution: {
          OnDemandBaseCapacity: group.onDemandBase,
          OnDemandPercentageAboveBaseCapacity: group.onDemandPercent,
          OnDemandAllocationStrategy: 'lowest-price',
          SpotAllocationStrategy: 'price-capacity-optimized',
        },
        LaunchTemplate: {
          LaunchTemplateSpecification: {
            LaunchTemplateId: ref(template),
            Version: attribute(template, 'LatestVersionNumber'),
          },
          Overrides: group.instanceTypes.map((InstanceType) => ({ InstanceType })),
        },
      },
      MetricsCollection: [{ Granularity: '1Minute', Metrics: ['GroupInServiceInstances', 'GroupDesiredCapacity'] }],
      Tags: [
        ...tagList(settings.tags).map((tag) => ({ ...tag, PropagateAtLaunch: true })),
        { Key: 'Name', Value: `${deployment}-${group.name}`, PropagateAtLaunch: true },
        // ECS adds it by itself; without it here every later update would take it away.
        { Key: 'AmazonECSManaged', Value: 'true', PropagateAtLaunch: true },
      ],
    },
  };
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * What the ECS agent calls (AWS docs: "Amazon ECS container instance IAM role"), without the wildcard policy of AWS and
 * without what that keeps for older agents: a privileged job can get this role.
 */
function instanceRole({ parametersPath, repositories, settings }: ClusterInput): Resource {
  const clusterArn = attribute('Cluster', 'Arn');
  const ofInstances = sub('arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:container-instance/${Cluster}/*');
  const isOurs = { ArnEquals: { 'ecs:cluster': clusterArn } };
  const hasTags = Object.keys(settings.tags).length > 0;
  const statements: Value[] = [
    // AWS has no resource type for it.
    { Sid: 'FindTheAgentsEndpoint', Effect: 'Allow', Action: 'ecs:DiscoverPollEndpoint', Resource: '*' },
    {
      Sid: 'Register',
      Effect: 'Allow',
      Action: 'ecs:RegisterContainerInstance',
      Resource: clusterArn,
    },
    {
      Sid: 'Report',
      Effect: 'Allow',
      Action: ['ecs:SubmitAttachmentStateChanges', 'ecs:SubmitTaskStateChange'],
      Resource: clusterArn,
    },
    {
      Sid: 'Poll',
      Effect: 'Allow',
      Action: ['ecs:Poll', 'ecs:StartTelemetrySession'],
      Resource: ofInstances,
      Condition: isOurs,
    },
    {
      Sid: 'KnowTheImagesToPullAhead',
      Effect: 'Allow',
      Action: 'ssm:GetParametersByPath',
      Resource: sub(`arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${parametersPath}/pools`),
    },
    ...(hasTags
      ? [
          {
            Sid: 'TagTheInstance',
            Effect: 'Allow',
            Action: 'ecs:TagResource',
            Resource: ofInstances,
            Condition: { StringEquals: { 'ecs:CreateAction': 'RegisterContainerInstance' } },
          },
        ]
      : []),
    ...pullStatements(repositories),
  ];
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: 'What the ECS agent on an instance of ecs-runners calls; no job gets it',
      AssumeRolePolicyDocument: assumableBy('ec2.amazonaws.com'),
      Policies: [{ PolicyName: 'instance', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

/**
 * What the guard does before groups are removed. By the names that CloudFormation gives groups, and not group by group:
 * it is asked about those that this template does not have any more. Where there are none it gets nothing of this.
 */
function guardPolicy(deployment: string): Resource {
  const clusterArn = attribute('Cluster', 'Arn');
  const statements: Value[] = [
    { Sid: 'ListInstances', Effect: 'Allow', Action: 'ecs:ListContainerInstances', Resource: clusterArn },
    {
      Sid: 'DrainInstances',
      Effect: 'Allow',
      Action: ['ecs:DescribeContainerInstances', 'ecs:UpdateContainerInstancesState'],
      Resource: sub('arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:container-instance/${Cluster}/*'),
      Condition: { ArnEquals: { 'ecs:cluster': clusterArn } },
    },
    // AWS has no resource type for it.
    { Sid: 'DescribeGroups', Effect: 'Allow', Action: 'autoscaling:DescribeAutoScalingGroups', Resource: '*' },
    {
      Sid: 'LiftProtection',
      Effect: 'Allow',
      Action: ['autoscaling:SetInstanceProtection', 'autoscaling:UpdateAutoScalingGroup'],
      Resource: sub(
        `arn:\${AWS::Partition}:autoscaling:\${AWS::Region}:\${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/${deployment}-*Instances-*`,
      ),
    },
  ];
  return {
    Type: 'AWS::IAM::RolePolicy',
    Properties: {
      RoleName: ref('GuardRole'),
      PolicyName: 'capacity',
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
}

/** Images in ECR; a login to ECR has no resource. */
export function pullStatements(repositories: readonly Value[]): Value[] {
  if (repositories.length === 0) return [];
  return [
    { Sid: 'LogInToECR', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'PullFromECR',
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: [...repositories],
    },
  ];
}

/** `condition`: who of that service. */
export function assumableBy(service: string, condition?: Value): Value {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        ...(condition !== undefined && { Condition: condition }),
      },
    ],
  };
}
