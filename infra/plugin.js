/**
 * What `serverless` needs beside serverless.yml: the pools checked, the resources that follow from them, the bundles.
 * Only a door; everything is in the TypeScript files beside it, which Node.js 24 reads as they are. They are imported when
 * they are needed, so that another Node.js ends with one line that says so, and not with a syntax error.
 */
import '../lib/cli/node-version.mjs';
import { join } from 'node:path';

const BUNDLES = 'dist';

export default class EcsRunners {
  constructor(serverless) {
    const { service, classes } = serverless;
    // While packaging and while deploying; in between, `--package` may keep them elsewhere.
    const zipFiles = join(serverless.serviceDir, '.serverless');
    let generated;

    /** The message alone is for the operator: no stack trace of ours. */
    async function told(action) {
      try {
        return await action();
      } catch (error) {
        throw new classes.Error(error.message, 'ECS_RUNNERS');
      }
    }

    async function prepare() {
      const { settings } = service.custom;
      const { stackName: deployment, environment, tags } = service.provider;
      const parametersPath = environment.PARAMETERS_PATH;
      const { generate } = await import('./generate.ts');
      generated = await generate({ settings, serviceDir: serverless.serviceDir, deployment, parametersPath });
      for (const warning of generated.warnings) console.warn(`warning: ${warning}`);
      Object.assign(environment, generated.environment);
      service.provider.tags = { ...tags, ...generated.settings.tags };
      service.provider.stackTags = { ...service.provider.stackTags, ...generated.settings.tags };
      const { build } = await import('../lib/cli/build.ts');
      await build({ outdir: join(serverless.serviceDir, BUNDLES) });
    }

    async function finish() {
      const [{ finishTemplate }, { addressCode }] = await Promise.all([import('./finish.ts'), import('./code.ts')]);
      const template = service.provider.compiledCloudFormationTemplate;
      const aws = serverless.getProvider('aws');
      Object.assign(template.Resources, generated.resources);
      Object.assign(template.Outputs, generated.outputs);
      template.Mappings = { ...template.Mappings, ...generated.mappings };
      finishTemplate(template, service.provider.stackName, generated.settings);
      const folder = `${aws.getDeploymentPrefix()}/${service.service}/${aws.getStage()}`;
      addressCode(template.Resources, folder, zipFiles);
    }

    async function upload() {
      if (service.provider.shouldNotDeploy) return;
      const { uploads } = await import('./code.ts');
      const deploy = serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === 'AwsDeploy');
      const { Resources } = service.provider.compiledCloudFormationTemplate;
      for (const one of uploads(Resources, zipFiles)) await deploy.uploadZipFile(one);
    }

    async function askBeforeRemoval() {
      const { mayRemove } = await import('../lib/cli/removal.ts');
      const { stackName: deployment, environment } = service.provider;
      const answer = await mayRemove({
        deployment,
        cluster: service.custom.clusterName,
        launches: environment.MODE === 'launch',
        client: await serverless.getProvider('aws').getAwsSdkV3Config(),
      });
      if (answer.kind === 'busy') throw new Error(`Nothing is removed: ${answer.reason}.`);
      if (answer.kind === 'unknown') console.warn(`warning: whether runners live cannot be seen: ${answer.reason}`);
    }

    this.hooks = {
      'before:remove:remove': () => told(askBeforeRemoval),
      'before:package:initialize': () => told(prepare),
      'after:aws:package:finalize:mergeCustomProviderResources': () => told(finish),
      'after:aws:deploy:deploy:uploadArtifacts': () => told(upload),
    };
  }
}
