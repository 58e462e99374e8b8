/** Which of Linux's capabilities a container that is not privileged has. */

/** What its root can use: the bootstrap, and with `sudo` every job. */
type User = 'bootstrap' | 'sudo';

/**
 * Of Docker's fourteen, those that somebody needs. Left out are NET_RAW, with which a job could pretend to be the
 * instance to its neighbours on the bridge, whose credentials pass there in plain HTTP (so `ping` works where Linux lets
 * everybody ping, and not where the program itself asks for the capability); MKNOD, for devices; SETPCAP, for nothing.
 */
const CAPABILITIES: readonly (readonly [name: string, user: User, why: string])[] = [
  [
    'CHOWN',
    'bootstrap',
    'the socket and the folders that are given to the runner’s user; packages with users of their own',
  ],
  ['DAC_OVERRIDE', 'bootstrap', 'what the runner’s user keeps to itself, such as the login for Docker'],
  ['FOWNER', 'bootstrap', 'the modes of what belongs to the runner’s user'],
  ['KILL', 'bootstrap', 'signals to the listener, which is another user’s'],
  ['SETGID', 'bootstrap', 'becoming the runner’s user, with its groups'],
  ['SETUID', 'bootstrap', 'becoming the runner’s user'],
  ['AUDIT_WRITE', 'sudo', 'what sudo, su and useradd write to the kernel’s log'],
  ['FSETID', 'sudo', 'packages with programs that change their group'],
  ['NET_BIND_SERVICE', 'sudo', 'servers below port 1024, where Docker does not let everybody have them'],
  ['SETFCAP', 'sudo', 'packages with programs that have capabilities'],
  ['SYS_CHROOT', 'sudo', 'servers that lock themselves up, such as sshd'],
];

/** `sudo`: whether a job may become root. */
export function capabilities(sudo: boolean): string[] {
  return CAPABILITIES.filter(([, user]) => sudo || user === 'bootstrap').map(([name]) => name);
}
