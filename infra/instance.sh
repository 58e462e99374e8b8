#!/bin/bash
# Runs once on a new instance, before the ECS agent starts. CloudFormation fills in what stands in braces.
set -euo pipefail

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
CONFIG

# Containers must never get the instance's role. The hop limit of 1 keeps them out already; this also keeps out what a
# job may do about hops. Without the rule, the agent does not start.
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

[Install]
RequiredBy=ecs.service
UNIT

# What the pools of this group run is pulled ahead of their tasks, and again each hour, so that a moving tag moves. When
# the disk fills, whatever no container uses goes first.
cat > /usr/local/bin/ecs-runners-images <<'SCRIPT'
#!/bin/bash
set -uo pipefail
used=$(df --output=pcent /var/lib/docker | tr -dc 0-9)
if [ "$used" -ge 70 ]; then
  docker image prune --all --force
  docker builder prune --all --force
  docker volume prune --force
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
Description=Pull the runners' images ahead, and keep the disk free
After=docker.service

[Service]
Type=oneshot
Nice=10
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
