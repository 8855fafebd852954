# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A private apt beside the machine's own: same mirrors, same keys, own lists and cache, so that
# sources and foreign suites can be fetched without root and without touching the machine.
# No mirror is ever named here; everything comes from the machine's own configuration.

# apt_source_files: the machine's source files, one path per line
apt_source_files() {
	local list parts file
	eval "$(apt-config shell list Dir::Etc::SourceList/f parts Dir::Etc::SourceParts/d)"
	for file in "$list" "$parts"*.list "$parts"*.sources; do
		[ ! -s "$file" ] || printf '%s\n' "$file"
	done
}

# apt_source_stanzas: every enabled source of the machine as a deb822 stanza without comments,
# whichever of apt's two formats it was written in
apt_source_stanzas() {
	local file
	while read -r file; do
		case $file in
		*.sources) awk '!/^#/ { print } END { print "" }' "$file" ;;
		*) one_line_to_deb822 "$file" ;;
		esac
	done < <(apt_source_files)
}

# one_line_to_deb822 FILE: `deb [key=value ...] URI SUITE COMPONENT...` as stanzas
one_line_to_deb822() {
	awk '
	BEGIN {
		field["arch"] = "Architectures"; field["signed-by"] = "Signed-By"
		field["trusted"] = "Trusted"; field["check-valid-until"] = "Check-Valid-Until"
		field["check-date"] = "Check-Date"; field["date-max-future"] = "Date-Max-Future"
		field["allow-insecure"] = "Allow-Insecure"; field["allow-weak"] = "Allow-Weak"
	}
	{ sub(/#.*/, "") }
	$1 != "deb" && $1 != "deb-src" { next }
	{
		type = $1; options = ""
		sub(/^[[:space:]]*deb(-src)?[[:space:]]+/, "")
		if (match($0, /^\[[^]]*\]/)) {
			options = substr($0, 2, RLENGTH - 2)
			$0 = substr($0, RLENGTH + 1)
		}
		if ($1 ~ /^cdrom:/) next
		print "Types: " type
		print "URIs: " $1
		print "Suites: " $2
		if (NF > 2) {
			printf "Components:"
			for (i = 3; i <= NF; i++) printf " %s", $i
			print ""
		}
		n = split(options, option)
		for (i = 1; i <= n; i++) {
			key = option[i]; sub(/=.*/, "", key)
			value = option[i]; sub(/^[^=]*=/, "", value)
			gsub(/,/, " ", value)
			if (key in field) print field[key] ": " value
		}
		print ""
	}' "$1"
}

# stanzas_as TYPE: change the type of every stanza on stdin to deb or deb-src
stanzas_as() {
	sed -E "s/^Types:.*/Types: $1/"
}

# archive_stanza SUITE: of the stanzas on stdin, the first for Debian's main archive (not the
# security one), with its suites replaced by SUITE and its components by main
archive_stanza() {
	awk -v suite="$1" '
	BEGIN { RS = ""; FS = "\n" }
	/(^|\n)Enabled: *no/ { next }
	!/(^|\n)URIs:[^\n]*\/debian\/?[[:space:]]*(\n|$)/ { next }
	{
		for (i = 1; i <= NF; i++) {
			line = $i
			if (line ~ /^Suites:/) line = "Suites: " suite
			if (line ~ /^Components:/) line = "Components: main"
			if (line ~ /^(Architectures|Pdiffs|Languages):/) continue
			print line
		}
		exit
	}'
}

# private_apt_init DIR: a private apt in DIR (an absolute path); its sources go to DIR/parts/*.sources
private_apt_init() {
	local dir=$1
	mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/archives/partial" || return
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$dir/parts";
		Dir::State::Lists "$dir/lists";
		Dir::Cache "$dir";
		Dir::Cache::Archives "$dir/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Debug::NoLocking "true";
		APT::Sandbox::User "$(id -un)";
		APT::Get::AllowUnauthenticated "false";
		APT::Get::List-Cleanup "false";
		Acquire::AllowInsecureRepositories "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		APT::Update::Error-Mode "any";
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
		#clear APT::Architectures;
		APT::Architectures { "$(dpkg --print-architecture)"; };
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
}

# private_apt DIR COMMAND...: apt-get or apt-cache with the private configuration
private_apt() {
	local dir=$1 command=$2
	shift 2
	"$command" -c "$dir/apt.conf" "$@" </dev/null
}

# last_error LOG: the one line of apt's output that names the cause
last_error() {
	local line
	line=$(grep -m 1 '^E: ' "$1") || line=$(grep -v '^[[:space:]]*$' "$1" | tail -n 1)
	printf '%s' "${line#E: }"
}

# apt_why LOG WHAT: sets $why and returns 77 when the mirror or the machine's keyring cannot give WHAT, 1 when a better network could
apt_why() {
	if grep -Eq 'NO_PUBKEY|EXPKEYSIG|REVKEYSIG|not signed|could ?n.t be verified' "$1"; then
		why="the machine's archive keyring cannot verify $2" && return 77
	elif grep -Eq ' 404 |does not have a Release file' "$1"; then
		why="the mirror has no $2" && return 77
	elif grep -q 'Unable to locate package' "$1"; then
		why="the mirror lacks $2" && return 77
	fi
	# shellcheck disable=SC2034 # for the caller
	why="cannot fetch $2: $(last_error "$1"); check the network and the free space"
	return 1
}

# private_suite DIR SUITE: a private apt in DIR (an absolute path) that knows the packages of SUITE of the machine's mirror.
# Returns 0, or what apt_why returns, with $why.
private_suite() {
	local dir=$1 suite=$2
	private_apt_init "$dir"
	apt_source_stanzas | stanzas_as deb | archive_stanza "$suite" >"$dir/parts/suite.sources"
	if [ ! -s "$dir/parts/suite.sources" ]; then
		# shellcheck disable=SC2034 # for the caller
		why="the mirror has no suite $suite: apt's configuration names none of Debian's archive"
		return 77
	fi
	private_apt "$dir" apt-get -q update >"$dir/log" 2>&1 || apt_why "$dir/log" "suite $suite"
}

# private_download DIR PACKAGE TO: its file in the directory TO. Returns 0, or what apt_why returns, with $why.
private_download() {
	(cd "$3" && private_apt "$1" apt-get -q download "$2") >"$1/log" 2>&1 || apt_why "$1/log" "package $2"
}

# lists_error LOG-OF-UPDATE: empty when every package list was read, else what to add to an error
lists_error() {
	local line
	! line=$(grep -Em 1 '^(E: |W: Failed to fetch)' "$1") ||
		printf '; before that, apt could not read every package list: %s' "${line#?: }"
}
