/** What the operator has put into Secrets Manager for pools with `dockerLogin`. */
export const DOCKER_LOGIN = { username: 'operator', password: 'a-password-for-docker-hub' };

/** By ARN, as the ECS agent reads them. */
export const SECRETS: Record<string, string> = {
  'arn:aws:secretsmanager:eu-central-1:123456789012:secret:docker-hub-AbCdEf': JSON.stringify(DOCKER_LOGIN),
};
