/** The environment that Lambda gives a function, for processes that are measured: complete, and nothing of this one's. */
import { functionVariables } from '../../local/functions.ts';

/** The addresses lead nowhere: nothing is sent while a function is loaded. */
export function functionEnvironment(): Record<string, string> {
  const nowhere = 'http://127.0.0.1:9';
  return {
    ...functionVariables({
      deployment: 'ecs-runners-bench',
      registrarUrl: nowhere,
      githubUrl: nowhere,
      ecsEndpoint: nowhere,
      stsEndpoint: nowhere,
      cluster: 'bench',
      prefix: 'bench',
      parametersPath: '/ecs-runners/bench',
      parametersEndpoint: nowhere,
      queue: { endpoint: nowhere, queueUrl: `${nowhere}/000000000000/demand` },
      tables: { endpoint: nowhere, names: { history: 'history', backlog: 'backlog', runners: 'runners' } },
    }),
    // Lambda docs: "Defined runtime environment variables".
    PATH: '/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'ASIABENCHBENCHBENCH0',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  };
}
