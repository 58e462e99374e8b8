# The first process of the container, as Docker's own init would be, but without the ticket in its environment: passes
# signals on, and waits for every process that is left to it, until the bootstrap has ended.
child= told=
trap 'told=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
exec 3<&0 </dev/null
"$1" -e "$2" bootstrap "$3" <&3 3<&- &
child=$!
exec 3<&-
[ -z "$told" ] || kill -TERM "$child"
# A signal cuts the waiting short.
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
exit "$code"
