/** What `npm start` shows. */
import Table from 'cli-table3';
import ora from 'ora';
import type { Counts, Job } from '../../local/demonstration.ts';
import type { Stack } from '../../local/stack.ts';

export type Progress = {
  show(counts: Counts): void;
  end(counts: Counts): void;
};

/** One line that changes in a terminal; elsewhere a line for each change. */
export function progress(stream: NodeJS.WriteStream): Progress {
  // A terminal that does not say how wide it is cannot be drawn on: clearing the line would never end.
  if (!stream.isTTY || !(stream.columns > 0)) return plainProgress(stream);
  const spinner = ora({ stream, discardStdin: false }).start();
  return {
    show: (counts) => {
      spinner.text = sentence(counts);
    },
    end: (counts) => {
      spinner.stopAndPersist({ text: sentence(counts) });
    },
  };
}

function plainProgress(stream: NodeJS.WriteStream): Progress {
  let last = '';
  const show = (counts: Counts): void => {
    const line = sentence(counts);
    if (line !== last) stream.write(`${line}\n`);
    last = line;
  };
  return { show, end: show };
}

function sentence({ queued, in_progress, completed }: Counts): string {
  return `jobs: ${queued} queued, ${in_progress} running, ${completed} completed`;
}

/** Per job: how long it waited and ran, in simulated seconds, and on which runner. */
export function jobsTable(jobs: readonly Job[]): string {
  const table = new Table({
    head: ['job', 'repository', 'labels', 'waited', 'ran', 'result', 'runner'],
    colAligns: ['right', 'left', 'left', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const job of jobs) {
    table.push([
      job.id,
      `${job.owner}/${job.repo}`,
      job.labels.at(-1) ?? '',
      seconds(job.queuedAt, job.startedAt),
      seconds(job.startedAt, job.completedAt),
      job.conclusion ?? job.state,
      job.runnerName ?? '',
    ]);
  }
  return table.toString();
}

function seconds(from: string | null, to: string | null): string {
  return from === null || to === null ? '' : `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(0)} s`;
}

export function addressesText({ addresses, webhookSecret }: Stack): string {
  const { api, github, ecs, sqs, dynamodb } = addresses;
  return [
    `API       ${api}  (POST /webhook, GET /api/state, POST /_sim/faults)`,
    `GitHub    ${github}  (simulated; POST /_sim/jobs queues jobs)`,
    `ECS       ${ecs}  (simulated)`,
    `SQS       ${sqs}`,
    `DynamoDB  ${dynamodb}`,
    `webhook secret  ${webhookSecret}`,
  ].join('\n');
}

/** Warnings, errors and what is no log line at all; with `verbose` everything. */
export function functionsLog(verbose: boolean): (source: string, line: string) => void {
  return (source, line) => {
    if (verbose || !/"level":"(INFO|DEBUG)"/.test(line)) console.error(`${source}: ${line}`);
  };
}
