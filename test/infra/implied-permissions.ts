/**
 * What follows from a call and stands in no code of ours: on which resource it acts, and what AWS wants beside it. Reviewed
 * by hand; a row without a source does not belong here. Names in angle brackets are those of the stack that is looked at.
 */

const REFERENCE = 'Service Authorization Reference, "Actions, resources, and condition keys for';
const ECS = `${REFERENCE} Amazon Elastic Container Service"`;
const AUTO_SCALING = `${REFERENCE} Amazon EC2 Auto Scaling"`;
const SQS_PERMISSIONS = 'Amazon SQS Developer Guide, "Amazon SQS API permissions: Actions and resource reference"';

const CLUSTER = 'arn:aws:ecs:us-east-1:123456789012:cluster/<cluster>';
const IN_THE_CLUSTER = `ArnEquals ecs:cluster ${CLUSTER}`;
const TASKS = 'arn:aws:ecs:us-east-1:123456789012:task/<cluster>/*';
const CONTAINER_INSTANCES = 'arn:aws:ecs:us-east-1:123456789012:container-instance/<cluster>/*';
const GROUPS =
  'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/<deployment>-*Instances-*';

/** Operations whose right has another name. */
export const RIGHTS: readonly { operation: string; action: string; source: string }[] = [
  { operation: 'sqs:SendMessageBatch', action: 'sqs:SendMessage', source: SQS_PERMISSIONS },
];

/** On what a call acts, which a port has by its settings: the variable of the function's environment that names it. */
export const PORTS: Readonly<Record<string, { variable: string; resource: string }>> = {
  queue: { variable: 'QUEUE_URL', resource: 'DemandQueue' },
  history: { variable: 'HISTORY_TABLE', resource: 'HistoryTable' },
  backlog: { variable: 'BACKLOG_TABLE', resource: 'BacklogTable' },
  runners: { variable: 'RUNNERS_TABLE', resource: 'RunnersTable' },
};

/** On what a call acts, by its action. */
export const RESOURCES: readonly { action: string; on: string; condition?: string; source: string }[] = [
  {
    action: 'ecs:RunTask',
    on: 'arn:aws:ecs:us-east-1:123456789012:task-definition/<deployment>-*:*',
    condition: IN_THE_CLUSTER,
    source: ECS,
  },
  { action: 'ecs:StopTask', on: TASKS, condition: IN_THE_CLUSTER, source: ECS },
  { action: 'ecs:DescribeTasks', on: TASKS, condition: IN_THE_CLUSTER, source: ECS },
  { action: 'ecs:ListTasks', on: '*', condition: IN_THE_CLUSTER, source: ECS },
  { action: 'ecs:ListContainerInstances', on: CLUSTER, source: ECS },
  { action: 'ecs:DescribeContainerInstances', on: CONTAINER_INSTANCES, condition: IN_THE_CLUSTER, source: ECS },
  { action: 'ecs:UpdateContainerInstancesState', on: CONTAINER_INSTANCES, condition: IN_THE_CLUSTER, source: ECS },
  { action: 'autoscaling:DescribeAutoScalingGroups', on: '*', source: AUTO_SCALING },
  // CloudFormation names a group `<stack>-<logical id>-<random>`. By their names, and not one by one: the guard is asked
  // about groups that the template does not have any more.
  { action: 'autoscaling:UpdateAutoScalingGroup', on: GROUPS, source: AUTO_SCALING },
  { action: 'autoscaling:SetInstanceProtection', on: GROUPS, source: AUTO_SCALING },
];

/** Actions for which AWS knows no resource that could be named, or looks at none. */
export const WITHOUT_RESOURCE: readonly { action: string; source: string }[] = [
  {
    action: 'ecs:ListTasks',
    // The reference names container instances, by which one may filter; a list of a whole cluster is checked against `*`.
    source: `${ECS}; github.com/cdklabs/construct-hub pull request 1207`,
  },
  { action: 'ecs:DiscoverPollEndpoint', source: ECS },
  { action: 'autoscaling:DescribeAutoScalingGroups', source: AUTO_SCALING },
  { action: 'ecr:GetAuthorizationToken', source: `${REFERENCE} Amazon Elastic Container Registry"` },
];

/** What a packaging has beside the usual; rows with `when` hold only then. */
export type Trait = 'own cluster' | 'own key' | 'tags' | 'image in ECR' | 'registry credentials' | 'Docker login';

export type Implied = {
  /** A role by its logical id, or an action: then every role that may do that. */
  who: string;
  when?: readonly Trait[];
  actions: readonly string[];
  /** `<roles of the pools>` and `<image>` stand for several. */
  on: readonly string[];
  condition?: string;
  why: string;
  source: string;
};

const KEY = ['<key>'];
const INSTANCE_ROLE = 'Amazon ECS Developer Guide, "Amazon ECS container instance IAM role"';
const DYNAMODB_KEY =
  'Amazon DynamoDB Developer Guide, "Authorizing use of your customer managed key"; aws-cdk, aws-dynamodb/lib/perms.ts';

export const IMPLIED: readonly Implied[] = [
  ...['webhook', 'scaler', 'registrar', 'janitor', 'guard'].map((name) => ({
    who: `${name.charAt(0).toUpperCase()}${name.slice(1)}Role`,
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    on: [`arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/<deployment>-${name}:*`],
    why: 'Lambda writes what the function says, and with it its metrics; the group is made by the stack',
    source: 'AWS Lambda Developer Guide, "Defining Lambda function permissions with an execution role"',
  })),
  {
    who: 'ScalerRole',
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    on: ['DemandQueue.Arn'],
    why: 'Lambda polls the queue with the role of the function that it triggers',
    source: 'AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", execution role permissions',
  },
  {
    who: 'ecs:RunTask',
    actions: ['ecs:TagResource'],
    on: [TASKS],
    condition: 'StringEquals ecs:CreateAction RunTask',
    why: 'every task is tagged as it is started',
    source: 'Amazon ECS Developer Guide, "Grant permission to tag resources on creation"',
  },
  {
    who: 'ecs:RunTask',
    actions: ['iam:PassRole'],
    on: ['ExecutionRole.Arn', '<roles of the pools>'],
    condition: 'StringEquals iam:PassedToService ecs-tasks.amazonaws.com',
    why: 'the task definition names both roles, and the call the task role',
    source: `${ECS}, RunTask, dependent actions`,
  },

  // What instances call: the agent of ECS, and infra/instance.sh.
  {
    who: 'InstanceRole',
    when: ['own cluster'],
    actions: ['ecs:DiscoverPollEndpoint'],
    on: ['*'],
    why: 'the agent asks where to poll',
    source: INSTANCE_ROLE,
  },
  {
    who: 'InstanceRole',
    when: ['own cluster'],
    actions: [
      'ecs:RegisterContainerInstance',
      // Not SubmitContainerStateChange and DeregisterContainerInstance, which the agent does not call any more.
      'ecs:SubmitAttachmentStateChanges',
      'ecs:SubmitTaskStateChange',
    ],
    on: [CLUSTER],
    why: 'the agent joins the cluster and says what becomes of tasks',
    source: `${INSTANCE_ROLE}; resources: ${ECS}`,
  },
  {
    who: 'InstanceRole',
    when: ['own cluster'],
    actions: ['ecs:Poll', 'ecs:StartTelemetrySession'],
    on: [CONTAINER_INSTANCES],
    condition: IN_THE_CLUSTER,
    why: 'the agent hears of tasks, and reports the metrics by which ECS scales',
    source: `${INSTANCE_ROLE}; resources: ${ECS}`,
  },
  {
    who: 'InstanceRole',
    when: ['own cluster', 'tags'],
    actions: ['ecs:TagResource'],
    on: [CONTAINER_INSTANCES],
    condition: 'StringEquals ecs:CreateAction RegisterContainerInstance',
    why: 'ECS_CONTAINER_INSTANCE_TAGS: the agent registers the instance with tags',
    source: INSTANCE_ROLE,
  },
  {
    who: 'InstanceRole',
    when: ['own cluster'],
    actions: ['ssm:GetParametersByPath'],
    on: ['arn:aws:ssm:us-east-1:123456789012:parameter<path>/pools'],
    why: 'infra/instance.sh asks which images to pull ahead; below that path are no secrets',
    source: `${REFERENCE} AWS Systems Manager"`,
  },
  ...['InstanceRole', 'ExecutionRole'].flatMap((who) => [
    {
      who,
      when: ['image in ECR', ...(who === 'InstanceRole' ? (['own cluster'] as const) : [])] as const,
      actions: ['ecr:GetAuthorizationToken'],
      on: ['*'],
      why: 'logging in to ECR',
      source: 'Amazon ECR User Guide, "Private repository policy examples"',
    },
    {
      who,
      when: ['image in ECR', ...(who === 'InstanceRole' ? (['own cluster'] as const) : [])] as const,
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      on: ['<image>'],
      why: 'pulling an image',
      source: 'AWS managed policy AmazonECSTaskExecutionRolePolicy',
    },
  ]),

  // What ECS itself does to start a task.
  {
    who: 'ExecutionRole',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    on: ['arn:aws:logs:us-east-1:123456789012:log-group:<path>/pools/*'],
    why: 'the log driver awslogs; the groups are made by the stack',
    source: 'AWS managed policy AmazonECSTaskExecutionRolePolicy',
  },
  {
    who: 'ExecutionRole',
    when: ['registry credentials'],
    actions: ['secretsmanager:GetSecretValue'],
    on: ['<credentials>'],
    why: 'repositoryCredentials of the task definition',
    source: 'Amazon ECS Developer Guide, "Using non-AWS container images in Amazon ECS"',
  },
  {
    who: 'ExecutionRole',
    when: ['Docker login'],
    actions: ['secretsmanager:GetSecretValue'],
    on: ['<login>'],
    why: 'secrets of the container definition',
    source: 'Amazon ECS Developer Guide, "Pass Secrets Manager secrets through Amazon ECS environment variables"',
  },

  // A key of one's own: whoever uses an encrypted thing uses its key, and only through that service. The environment of
  // functions is no row: Lambda gives itself a grant for the function's role.
  {
    who: 'sqs:SendMessage',
    when: ['own key'],
    actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
    on: KEY,
    condition: 'StringEquals kms:ViaService sqs.us-east-1.amazonaws.com',
    why: 'producers of an encrypted queue; a consumer needs Decrypt, which is among them',
    source: 'Amazon SQS Developer Guide, "Amazon SQS Key management"',
  },
  {
    who: 'ssm:GetParameters',
    when: ['own key'],
    actions: ['kms:Decrypt'],
    on: KEY,
    condition: 'StringEquals kms:ViaService ssm.us-east-1.amazonaws.com',
    why: 'reading a SecureString',
    source: 'AWS Systems Manager User Guide, "AWS KMS encryption for Parameter Store SecureString parameters"',
  },
  {
    who: 'dynamodb:GetItem',
    when: ['own key'],
    actions: ['kms:Decrypt', 'kms:DescribeKey'],
    on: KEY,
    condition: 'StringEquals kms:ViaService dynamodb.us-east-1.amazonaws.com',
    why: 'reading from an encrypted table',
    source: DYNAMODB_KEY,
  },
  {
    who: 'dynamodb:PutItem',
    when: ['own key'],
    // Not CreateGrant, which whoever gives the table its key needs: the deploying role.
    actions: ['kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    on: KEY,
    condition: 'StringEquals kms:ViaService dynamodb.us-east-1.amazonaws.com',
    why: 'writing into an encrypted table',
    source: DYNAMODB_KEY,
  },
  {
    who: 'secretsmanager:GetSecretValue',
    when: ['own key'],
    actions: ['kms:Decrypt'],
    on: KEY,
    condition: 'StringEquals kms:ViaService secretsmanager.us-east-1.amazonaws.com',
    why: 'reading a secret that is encrypted with the key',
    source: 'Amazon ECS Developer Guide, "Using non-AWS container images in Amazon ECS"',
  },
];
