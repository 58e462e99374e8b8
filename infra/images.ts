/** Names of container images, as far as rights depend on them. */
import { sub, type Value } from './template.ts';

/** AWS docs, "Private registry": `<account>.dkr.ecr[-fips].<region>.<suffix>/<repository>[:tag|@digest]`. */
const ECR = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.[a-z.]+\/([^:@]+)/;

/** ARN of the image's repository in ECR; `undefined` for other registries. */
export function repositoryArn(image: string): Value | undefined {
  const [, account, region, repository] = ECR.exec(image) ?? [];
  return account === undefined
    ? undefined
    : sub(`arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${repository}`);
}
