/** What goes over the Docker socket, through the proxy and past it: the same comes of it. */
import type { Ended } from '../command.ts';
import { type Step, same } from '../steps.ts';
import { SHELL_IMAGE } from './images.ts';
import { lazily } from './lazily.ts';
import { lines } from './lines.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** Past it: the daemon's own socket, which only root may use. */
const DIRECT = 'sudo --preserve-env env DOCKER_HOST=unix:///var/run/ecs-runners/docker.sock';

/** Shell scripts in which `$RUN` is before each command. They clean up behind themselves. */
const SCRIPTS: Record<string, string> = {
  'docker run with its output, its errors and its exit code': `
    $RUN docker run --rm ${SHELL_IMAGE} sh -c 'echo out; echo err >&2; exit 42' || echo "ended with $?"`,
  'docker run of an image that is not there': `
    $RUN docker run --rm --pull never e2e-missing:1 || echo "ended with $?"`,
  'docker run of a command that is not there, and of an option that is none': `
    $RUN docker run --rm ${SHELL_IMAGE} /no/such/command || echo "ended with $?"
    $RUN docker run --rm --memory 1k ${SHELL_IMAGE} || echo "ended with $?"`,
  'docker run -i: input to its end, and what comes after it': `
    seq 1 100000 | $RUN docker run --rm -i ${SHELL_IMAGE} sh -c 'md5sum; echo after the end of the input'`,
  'docker exec -i, attach, cp, logs, wait': `
    id=$($RUN docker run -d -i ${SHELL_IMAGE} sh -c 'head -n 1000 | md5sum; exit 7')
    echo through exec | $RUN docker exec -i "$id" sh -c 'cat > /file; cat /file; exit 3' || echo "ended with $?"
    $RUN docker cp "$id":/file - | tar -xO
    echo copied > copied; $RUN docker cp copied "$id":/copied; $RUN docker exec "$id" cat /copied
    seq 1 1000 | $RUN docker attach --sig-proxy=false "$id" || echo "ended with $?"
    $RUN docker wait "$id"; $RUN docker logs "$id"; $RUN docker rm "$id" > /dev/null`,
  'docker logs --follow and docker events to their ends': `
    id=$($RUN docker run -d ${SHELL_IMAGE} sh -c 'for i in 1 2 3; do echo $i; sleep 1; done')
    $RUN docker logs --follow "$id"; $RUN docker wait "$id"; $RUN docker rm "$id" > /dev/null; sleep 2
    $RUN docker events --since 1h --until 0s --filter container="$id" --format '{{.Action}}'`,
  'a signal ends a container in the foreground': `
    ($RUN docker run --rm --name killed ${SHELL_IMAGE} sleep 60 || echo "ended with $?") &
    until $RUN docker kill killed > /dev/null 2>&1; do sleep 0.2; done; wait`,
  'docker build, classic': `
    mkdir -p context; printf 'FROM ${SHELL_IMAGE}\\nCOPY data /data\\nRUN md5sum /data > /sum\\n' > context/Dockerfile
    seq 1 3000000 > context/data
    DOCKER_BUILDKIT=0 $RUN docker build --quiet --no-cache --tag built context > /dev/null
    $RUN docker run --rm built cat /sum; $RUN docker rmi built > /dev/null; rm -rf context`,
  'docker build, BuildKit': `
    mkdir -p context; printf 'FROM ${SHELL_IMAGE}\\nCOPY data /data\\nRUN md5sum /data > /sum\\n' > context/Dockerfile
    seq 1 3000000 > context/data
    DOCKER_BUILDKIT=1 $RUN docker build --quiet --no-cache --tag built context > /dev/null
    $RUN docker run --rm built cat /sum; $RUN docker rmi built > /dev/null; rm -rf context`,
  'docker save and load': `
    $RUN docker save ${SHELL_IMAGE} | tee saved.tar | wc -c; $RUN docker load --input saved.tar; rm -f saved.tar`,
  '1 GB through stdin': `
    { seq 1 200000000 2> /dev/null || :; } | head -c 1000000000 | $RUN docker run --rm -i ${SHELL_IMAGE} sh -c 'md5sum'`,
  '1,000 containers created and removed, 50 at once': `
    $RUN /home/runner/externals/node24/bin/node /e2e/many.mjs ${SHELL_IMAGE} 1000 50`,
};

export function trafficSteps({ tasks }: Stage, say: (line: string) => void): Step[] {
  const seconds: [string, string, string][] = [];
  const start = lazily(async () => {
    const task = await tasks.start('dind');
    await task.startJob();
    await task.output('docker load --quiet --input /e2e/shell.tar');
    return task;
  });
  const steps = Object.entries(SCRIPTS).map(([name, script]) => ({
    name: `through the proxy as without it: ${name}`,
    run: async () => {
      const task = await start();
      const [through, past] = [await measure(task, script, 'env'), await measure(task, script, DIRECT)];
      seconds.push([name, through.seconds, past.seconds]);
      same('through the proxy, against past it', through.result, past.result);
      same('its exit code', through.result.exitCode, 0);
    },
  }));
  const end = {
    name: 'after all that traffic the job ends as if nothing had been',
    run: async () => {
      say(lines([['seconds', 'proxy', 'without'], ...seconds]));
      await (await start()).finish();
    },
  };
  return [...steps, end];
}

async function measure(task: Task, script: string, before: string): Promise<{ result: Ended; seconds: string }> {
  const startedAt = performance.now();
  const ended = await task.step(`RUN='${before}'\n${script}`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return { seconds, result: { ...ended, stderr: ended.stderr.replaceAll(SOMETIMES, '') } };
}

/** Docker's own program says it or not, whichever of two answers comes first, also without a proxy. */
const SOMETIMES = /^time="[^"]*" level=error msg="error waiting for container: context canceled"\n/gm;
