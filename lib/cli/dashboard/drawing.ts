/** The dashboard of a deployment with two groups of instances. */
import { dashboardBody } from '../../../infra/dashboard.ts';
import { drawDashboard } from './draw.ts';

const DEPLOYMENT = 'ecs-runners-production';

/** Always the same, as long as the dashboard is. */
export function drawing(): string {
  const { widgets } = dashboardBody({
    deployment: DEPLOYMENT,
    queueName: `${DEPLOYMENT}-demand`,
    deadLetterQueueName: `${DEPLOYMENT}-dead-letters`,
    clusterName: DEPLOYMENT,
    functions: {
      webhook: `${DEPLOYMENT}-webhook`,
      scaler: `${DEPLOYMENT}-scaler`,
      registrar: `${DEPLOYMENT}-registrar`,
      janitor: `${DEPLOYMENT}-janitor`,
    },
    groups: [
      { name: 'x64-2xlarge', pricePerHour: 0.4, ...named('x64-2xlarge') },
      { name: 'x64-8xlarge', pricePerHour: 1.61, ...named('x64-8xlarge') },
    ],
  });
  return drawDashboard(widgets);
}

function named(group: string): { autoScalingGroupName: string; capacityProviderName: string } {
  return { autoScalingGroupName: group, capacityProviderName: group };
}
