/** What happens to runners, and how GitHub shows them and their jobs. By the number under which it was written down. */
import { type Fault, forHours, nowAndThen, ofGitHub } from './fault.ts';

export const runnerFaults: Readonly<Record<string, Fault>> = {
  'lists.lag': ofGitHub('listLagSeconds', 'lists of runners are so old (N9)', [10, 60], 'seconds'),
  'lists.partial': ofGitHub('leftOutOfLists', 'runners that a list leaves out (N9)', [0.02, 0.3]),
  'runners.shownIdle': ofGitHub('busyShownIdle', 'busy runners that are shown as idle (N12)', [0.05, 1]),
  'runners.shownOffline': ofGitHub('onlineShownOffline', 'working runners that are shown as offline (N12)', [0.05, 1]),
  'runners.busyRemoved': ofGitHub(
    'busyRemoved',
    'busy runners that are shown as idle, and removed with 204 by whoever asks (N12)',
    [0.05, 1],
  ),
  'runners.stuckBusy': ofGitHub(
    'stuckBusy',
    'records that stay after the job, busy for ever, not removable (N14)',
    [0.02, 0.5],
  ),
  'runners.idleRemoved': ofGitHub(
    'idleJitRemoved',
    'runners that GitHub removes after minutes of idling (N10)',
    [0.05, 1],
  ),
  'runners.ghosts': ofGitHub('ghostRunners', 'assignments lost when the runner takes them (N13)', [0.01, 0.1]),
  'runners.update': ofGitHub('selfUpdates', 'runners that update themselves before their first job (N15)', [0.05, 1]),
  'runners.tooOld': forHours(
    'GitHub takes the version of the runners no more (N15)',
    [0.2, 2],
    ({ github }) => void github.control.setFaults({ versionRefused: 1 }),
    ({ github }) => void github.control.setFaults({ versionRefused: 0 }),
  ),
  'runners.perFiveMinutes': ofGitHub('registrationsMax', 'registrations that GitHub allows (N18)', [5, 60], 'calls'),
  'runners.perGroup': ofGitHub('groupRunnersMax', 'runners that a group may have (N18)', [2, 20], 'calls'),
  'starts.unheard': forHours(
    'nobody says that a job has started: no webhook, no container, no list; and containers register twice',
    [0.5, 3],
    ({ github, knobs }) => {
      github.control.setFaults({ loseInProgress: 1, busyShownIdle: 1 });
      Object.assign(knobs, { startedLost: 1, requestTwice: 0.5 });
    },
    ({ github, knobs }) => {
      github.control.setFaults({ loseInProgress: 0, busyShownIdle: 0 });
      Object.assign(knobs, { startedLost: 0, requestTwice: 0 });
    },
  ),
  'sessions.refused': ofGitHub('refuseSessions', 'connections of runners refused for the moment', [0.05, 0.5]),
  'jobs.blockedAnnounced': ofGitHub(
    'blockedAnnounced',
    'jobs that their concurrency group blocks, announced as queued all the same',
    [0.1, 1],
  ),
  'jobs.takenElsewhere': ofGitHub(
    'takenElsewhere',
    'jobs that somebody else’s runner takes while ours comes up',
    [0.02, 0.5],
  ),
  'jobs.stale': ofGitHub('staleJobs', 'jobs shown as they were before the last change (S18)', [0.05, 0.5]),
  'jobs.allCancelled': nowAndThen('a person cancels all that runs or waits', [0, 0.1], ({ github }) => {
    for (const job of github.books.jobs.values()) if (job.state !== 'completed') github.control.cancel(job.id);
  }),
};
