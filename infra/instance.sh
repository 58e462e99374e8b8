#!/bin/bash
# Runs once on a new instance, before the ECS agent starts. CloudFormation fills in what stands in braces.
set -euo pipefail

mkdir -p /etc/ecs
cat >> /etc/ecs/ecs.config <<'CONFIG'
ECS_CLUSTER=${Cluster}
ECS_CONTAINER_INSTANCE_TAGS=${InstanceTags}
# Images are pulled below, and again each hour; a task uses what is there.
ECS_IMAGE_PULL_BEHAVIOR=prefer-cached
# A task with a Docker daemon of its own leaves gigabytes, by default for three hours.
ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=1m
ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION_JITTER=30s
ECS_CONTAINER_STOP_TIMEOUT=120s
ECS_RESERVED_MEMORY=256
# Logs are written with the execution role; the instance's may not.
ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true
ECS_AWSVPC_BLOCK_IMDS=true
# Processes and threads of a task, whatever it starts: a large build has thousands, a fork bomb all that there are.
ECS_TASK_PIDS_LIMIT=32768
CONFIG

# ECS starts tasks that name a profile or a label only where the agent says that there is such a thing (securityOptions).
if grep -qs Y /sys/module/apparmor/parameters/enabled; then
  echo ECS_APPARMOR_CAPABLE=true >> /etc/ecs/ecs.config
fi
if docker info --format '{{.SecurityOptions}}' 2>/dev/null | grep -q name=selinux; then
  echo ECS_SELINUX_CAPABLE=true >> /etc/ecs/ecs.config
fi

# For tasks that share the Docker daemon of the instance: a folder for each, at the same path in their containers.
install -d -m 711 /var/lib/ecs-runners

# Containers must never get the instance's role. The hop limit of 1 keeps them out already; this also keeps out what a
# job may do about hops. The chain is passed by all that is forwarded, whatever network of Docker's it comes from. Without
# the rule, the agent does not start. By IPv6 the launch template has switched the metadata off.
cat > /etc/systemd/system/ecs-runners-metadata.service <<'UNIT'
[Unit]
Description=Keep containers away from the instance's metadata
Requires=docker.service
After=docker.service
Before=ecs.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '/usr/sbin/iptables -C DOCKER-USER -d 169.254.169.254/32 -j DROP 2>/dev/null || /usr/sbin/iptables -I DOCKER-USER -d 169.254.169.254/32 -j DROP'
ExecStart=-/bin/sh -c '/usr/sbin/ip6tables -C FORWARD -d fd00:ec2::254/128 -j DROP 2>/dev/null || /usr/sbin/ip6tables -I FORWARD -d fd00:ec2::254/128 -j DROP'

[Install]
RequiredBy=ecs.service
UNIT

# What a job made on the Docker daemon of the instance is its task's to remove, unless that was killed: then it is removed
# here, each hour. Only what carries the label of a task, and only if the task's own container is gone for sure.
cat > /usr/local/bin/ecs-runners-leftovers <<'SCRIPT'
#!/bin/bash
set -uo pipefail
shared=/var/lib/ecs-runners

is_gone() {
  case $(docker container inspect --format '{{.State.Running}}' "$1" 2>&1 < /dev/null) in
    false | *'No such container'*) return 0 ;;
    *) return 1 ;;
  esac
}

# Reads lines of a thing and its owner.
remove_with() {
  while read -r thing owner; do
    [ -n "$owner" ] && is_gone "$owner" && docker "$@" "$thing" < /dev/null
  done
}

of_tasks='label=ecs-runners.task'
owner='{{.Label "ecs-runners.owner"}}'
docker container ls --all --no-trunc --filter "$of_tasks" --format "{{.ID}} $owner" | remove_with container rm --force --volumes
docker network ls --no-trunc --filter "$of_tasks" --format "{{.ID}} $owner" | remove_with network rm
docker volume ls --filter "$of_tasks" --format "{{.Name}} $owner" | remove_with volume rm

# The folders are read first: a task that begins meanwhile has its container before its folder.
folders=$(find "$shared" -mindepth 1 -maxdepth 1 -type d ! -name externals -printf '%f\n')
names=$(docker container ls --all --quiet | xargs -r docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}') || exit 1
echo "$folders" | while read -r folder; do
  [ -z "$folder" ] || echo "$names" | grep -Fxq "ECS_RUNNERS_NAME=$folder" || rm -rf -- "$shared/$folder"
done
# Copies that were begun: their names end with the container that made them.
for copy in "$shared"/externals/*.*; do
  [ -d "$copy" ] && is_gone "$(echo "$copy" | sed 's/.*\.//')" && rm -rf -- "$copy"
done
exit 0
SCRIPT
chmod 755 /usr/local/bin/ecs-runners-leftovers

# What the pools of this group run is pulled ahead of their tasks, and again each hour, so that a moving tag moves. When
# the disk fills, whatever no container uses goes first, but not what a job that shares the daemon has just made.
cat > /usr/local/bin/ecs-runners-images <<'SCRIPT'
#!/bin/bash
set -uo pipefail
used=$(df --output=pcent /var/lib/docker | tr -dc 0-9)
if [ "$used" -ge 70 ]; then
  docker image prune --all --force --filter until=6h
  docker builder prune --all --force --filter until=6h
  docker volume prune --force --filter label!=ecs-runners.task
fi
command -v aws > /dev/null || dnf --quiet --assumeyes install awscli-2
aws ssm get-parameters-by-path --region ${AWS::Region} --path ${PoolsPath} --query 'Parameters[].Value' --output json |
  python3 -c 'import json, sys
pools = [json.loads(value) for value in json.load(sys.stdin)]
print("\n".join(sorted({p["image"] for p in pools if p.get("capacity") == "${Capacity}" and p.get("pullsAhead")})))' |
  while read -r image; do
    [ -n "$image" ] || continue
    registry=$(echo "$image" | cut -d / -f 1)
    case $registry in
      *.dkr.ecr.*) aws ecr get-login-password --region "$(echo "$registry" | cut -d . -f 4)" | docker login --username AWS --password-stdin "$registry" ;;
    esac
    docker pull --quiet "$image"
  done
SCRIPT
chmod 755 /usr/local/bin/ecs-runners-images

cat > /etc/systemd/system/ecs-runners-images.service <<'UNIT'
[Unit]
Description=Remove what jobs left, pull the runners' images ahead, and keep the disk free
After=docker.service

[Service]
Type=oneshot
Nice=10
ExecStartPre=-/usr/local/bin/ecs-runners-leftovers
ExecStart=/usr/local/bin/ecs-runners-images
UNIT

cat > /etc/systemd/system/ecs-runners-images.timer <<'UNIT'
[Timer]
OnActiveSec=5s
OnUnitActiveSec=1h

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable ecs-runners-metadata.service
systemctl enable --now --no-block ecs-runners-images.timer
