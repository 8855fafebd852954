# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced behind tests/lib.sh: fio servers, each in a network namespace as on a host of its own. A namespace more, the hub, joins them and is
# where clients run (in_hub). All names have this process's number in them, and no address is in the namespace of this machine: tests may run beside each other.

fleet=sq$$
fleet_hosts=()

# fleet_address I: of host I, from 1
fleet_address() {
	echo "10.77.0.$1"
}

# in_hub COMMAND...: where all hosts are reached
in_hub() {
	ip netns exec "$fleet-hub" "$@"
}

# fleet_end: whatever runs in the namespaces is ours; it goes with them
fleet_end() {
	local name
	for name in "${fleet_hosts[@]}" hub; do
		ip netns pids "$fleet-$name" 2>/dev/null | xargs -r kill -9 2>/dev/null
		ip netns del "$fleet-$name" 2>/dev/null
	done
	rm -rf "$WORK"
}

fleet_need() {
	need fio ip ss timeout
	[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
	trap fleet_end EXIT
	ip netns add "$fleet-hub" 2>"$WORK/netns" || skip "no network namespace can be made: $(<"$WORK/netns")"
	in_hub ip link set lo up
	in_hub ip link add hub type bridge 2>"$WORK/netns" || skip "no bridge can be made: $(<"$WORK/netns")"
	in_hub ip addr add 10.77.0.254/24 dev hub
	in_hub ip link set hub up
}

# fleet_host I: makes it, with a directory of its own, $WORK/hostI, and nothing listening
fleet_host() {
	local name=$fleet-$1
	fleet_hosts+=("$1")
	mkdir -p "$WORK/host$1"
	ip netns add "$name" || fail "ip netns add $name"
	ip -n "$fleet-hub" link add "port$1" type veth peer name eth0 netns "$name" || fail "host $1: no veth pair"
	ip -n "$fleet-hub" link set "port$1" master hub up
	ip -n "$name" addr add "$(fleet_address "$1")/24" dev eth0
	ip -n "$name" link set lo up
	ip -n "$name" link set eth0 up
}

# fleet_serve I [COMMAND...]: fio --server there, started by COMMAND, by default with this build's engine
fleet_serve() {
	local name=$fleet-$1 address i
	address=$(fleet_address "$1")
	(
		cd "$WORK/host$1" || exit 1
		shift
		# shellcheck disable=SC2154 # of tests/lib.sh
		[ "$#" -gt 0 ] || set -- "${fio_env[@]}"
		exec ip netns exec "$name" "$@" fio "--server=ip:$address" >server.log 2>&1 </dev/null
	) &
	disown	# bash would say that it was killed
	for ((i = 0; i < 200; i++)); do
		[ -z "$(ip netns exec "$name" ss -Hltn 'sport = :8765')" ] || return 0
		sleep 0.05
	done
	fail "host $1: the server did not come up: $(<"$WORK/host$1/server.log")"
}

# fleet_signal I SIGNAL: to all that runs on host I
fleet_signal() {
	ip netns pids "$fleet-$1" | xargs -r kill "-$2"
}

# fleet_cut I: its network cable is out
fleet_cut() {
	ip -n "$fleet-hub" link set "port$1" down
}
