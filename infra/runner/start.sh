# Finds the runner and a Node.js that runs here, and starts the bootstrap ($1) under the first process ($2). Secrets go to its
# standard input: in an environment every process of the job could read them. No braces after a dollar sign: templates would
# replace them.
take_newest() {
  for candidate; do
    major=$("$candidate" -p 'parseInt(process.versions.node)' 2>/dev/null) || continue
    [ "$major" -gt "$newest" ] && newest=$major && node=$candidate
  done
}
for home in "$RUNNER_HOME" /home/runner /actions-runner /runner; do
  [ -x "$home/bin/Runner.Listener" ] || [ -x "$home/run.sh" ] && break
  home=
done
if [ -z "$home" ]; then
  echo '[bootstrap] no GitHub Actions runner in RUNNER_HOME, /home/runner, /actions-runner or /runner: take an image that holds one, or set RUNNER_HOME in it' >&2
  exit 127
fi
newest=19
take_newest "$home"/externals/node*/bin/node
[ -n "$node" ] || take_newest "$(command -v node)"
if [ -z "$node" ]; then
  echo "[bootstrap] no Node.js 20 or newer runs here, in $home/externals or on the PATH: take an image with a whole, current runner" >&2
  exit 127
fi
cd "$home" || exit 127
ticket=$ECS_RUNNERS_TICKET
login=$ECS_RUNNERS_DOCKER_LOGIN
unset ECS_RUNNERS_TICKET ECS_RUNNERS_DOCKER_LOGIN
exec /bin/sh -c "$2" first "$node" "$1" "$home" <<END
$ticket
$login
END
